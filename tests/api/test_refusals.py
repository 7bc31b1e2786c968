"""Invalid requests are refused with a sentence and a code."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from api.test_access import is_problem
from botmeter.domain import errors
from botmeter.domain.errors import BotmeterError, Conflict, Missing, NotAllowed, Refused, TooMuch, Unavailable
from botmeter.web.api import routes
from botmeter.web.api.codes import CODES

Ask = Callable[..., Any]
REPORT = "reports/session-usage"
UNKNOWN_ID = "00000000-0000-8000-8000-000000000000"


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        (REPORT, {"from_": "2026-02-30"}, 400, "date_invalid"),
        (REPORT, {"to": "yesterday"}, 400, "date_invalid"),
        (REPORT, {"from_": "2026-03-02", "to": "2026-03-01"}, 400, "period_reversed"),
        (REPORT, {"from_": "1800-01-01", "to": "2200-01-01"}, 400, "period_too_long"),
        (REPORT, {"from_": "2026-03-02", "period": "today"}, 400, "arguments_clash"),
        (REPORT, {"period": "someday"}, 400, "parameter_invalid"),
        (REPORT, {"preview": "true"}, 400, "parameter_invalid"),
        (REPORT, {"hour": "xyz"}, 400, "parameter_invalid"),
        ("sessions/export", {"hour": "mon-24"}, 400, "parameter_invalid"),
        (REPORT, {"timezone": "Mars/Olympus"}, 400, "timezone_unknown"),
        (REPORT, {"timezone": "../../etc/passwd"}, 400, "timezone_unknown"),
        (REPORT, {"form": "2026-03-01"}, 400, "parameter_unknown"),
        ("what-if", {}, 400, "parameter_missing"),
        ("what-if", {"plan": ""}, 400, "parameter_missing"),
        (REPORT, {"limit": "5"}, 400, "parameter_unknown"),
        (REPORT, {"split": "opened"}, 400, "parameter_unknown"),
        (REPORT, {"from_": ["2026-03-01", "2026-03-02"]}, 400, "parameter_repeated"),
        (REPORT, {"bot": [str(number) for number in range(1_001)]}, 413, "filter_too_long"),
        (REPORT, {"x": [str(number) for number in range(6_000)]}, 413, "parameters_too_many"),
        ("sessions", {"limit": "0"}, 400, "limit_invalid"),
        ("sessions", {"limit": "1001"}, 400, "limit_invalid"),
        ("sessions", {"limit": "-1"}, 400, "parameter_invalid"),
        ("sessions", {"limit": "9" * 5_000}, 400, "parameter_invalid"),
        ("sessions", {"limit": "²"}, 400, "parameter_invalid"),
        ("sessions", {"group": "bot"}, 400, "parameter_invalid"),
        ("sessions", {"sort": "--events"}, 400, "parameter_invalid"),
        ("sessions", {"cursor": "made-up"}, 400, "cursor_invalid"),
        ("sessions", {"cursor": "\x00"}, 400, "cursor_invalid"),
        ("sessions", {"search": "s" * 201}, 413, "search_too_long"),
        ("sessions/export", {"format": "exe"}, 400, "output_format_unknown"),
        ("sessions/export", {"columns": "password"}, 400, "column_unknown"),
        ("sessions/export", {"columns": "preview,preview"}, 400, "column_repeated"),
        ("sessions/export", {"from_": "x"}, 400, "date_invalid"),
        (f"sessions/{UNKNOWN_ID}", {}, 404, "session_unknown"),
        ("sessions/not-an-id", {}, 404, "session_unknown"),
        (f"sessions/{UNKNOWN_ID}/explanation", {}, 404, "session_unknown"),
        (f"sessions/{UNKNOWN_ID}", {"from_": "2026-03-01"}, 400, "parameter_unknown"),
    ],
)
def test_an_invalid_request_is_refused_with_its_code(
    ask: Ask, path: str, query: dict[str, Any], status: int, code: str
) -> None:
    assert is_problem(ask(path, **query), status, code=code)


def test_a_cursor_of_another_order_is_refused(ask: Ask) -> None:
    cursor = ask("sessions", from_="2026-03-01", to="2026-03-31", limit=1).json()["next_cursor"]
    assert is_problem(ask("sessions", cursor=cursor, sort="-session_start"), 400, code="cursor_invalid")


def test_a_filter_accepts_a_thousand_values(ask: Ask) -> None:
    values = [str(number) for number in range(1_000)]
    names = ("bot", "bot_version", "channel", "customer", "conversation")
    report = ask(REPORT, **dict.fromkeys(names, values)).json()
    assert report["sessions_consumed"] == 0
    assert len(report["filters"]["bot"]) == 1_000


def test_a_bug_answers_its_reference_and_no_details(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "compared_report", lambda *_, **__: 1 / 0)
    answer = ask(REPORT)
    assert is_problem(answer, 500, code="bug")
    reference = answer.json()["reference"]
    trace = next((settings.DATA / "logs").glob(f"*-{reference}.txt")).read_text()
    assert "ZeroDivisionError" in trace
    assert "ZeroDivision" not in answer.content.decode()


# What the API documents; written here once more, so that a change of the table is noticed.
STATUS_OF = {
    Refused: 400,
    Missing: 404,
    NotAllowed: 403,
    Conflict: 409,
    TooMuch: 413,
    Unavailable: 503,
}


@pytest.mark.parametrize(("family", "status"), STATUS_OF.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_every_family_of_errors_has_its_status(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, family: type[BotmeterError], status: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise family("account_exists", "It is there.")

    monkeypatch.setattr(routes, "compared_report", fail)
    answer = ask(REPORT)
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, "account_exists")
    assert problem["detail"] == "It is there."


def test_no_family_of_errors_is_left_out() -> None:
    families = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, BotmeterError)}
    assert set(STATUS_OF) == families - {BotmeterError}


def test_an_unknown_host_is_a_problem(client: Any) -> None:
    answer = client.get("/api/v1/openapi.json", headers={"Host": "evil.example"})
    assert is_problem(answer, 400, code="request_invalid")


# Python strings can have lone surrogates, which no address can.
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(
    query=st.dictionaries(st.sampled_from(["from", "to", "timezone", "bot", "limit", "cursor", "search", "x"]), WORDS)
)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_parameter_value_causes_a_bug(ask: Ask, query: dict[str, str]) -> None:
    answer = ask("sessions", **query)
    assert answer.status_code in {200, 400, 413}
    if answer.status_code != 200:
        assert answer.json()["code"] in {code for code, _, _ in CODES}
