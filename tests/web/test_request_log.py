"""Request ids and logged lines: their fields, and values that they never contain."""

import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from botmeter.domain.setting_values import LogFormat, LogLevel
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.bugs import report_bug
from botmeter.people.keys import ACCOUNT_SCOPES, KeyDraft, new_key
from botmeter.people.models import User
from botmeter.web import logs, request_ids
from botmeter.web.request_log import LOGGER, log_request, request_log

pytestmark = pytest.mark.django_db
KEY = "bm_Zx3-verysecret_part-of-a-key-that-opens-everything"


@pytest.fixture
def lines() -> Iterator[Callable[[str], list[Any]]]:
    """`lines("json")`: the logged lines, parsed; `lines("text")`: as they are."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.JsonLines())
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)

    def logged(form: str = "json") -> list[Any]:
        text = written.getvalue().splitlines()
        return [json.loads(line) for line in text] if form == "json" else text

    logged.handler = handler  # type: ignore[attr-defined]
    yield logged
    root.removeHandler(handler)
    root.setLevel(before)


def of_requests(logged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in logged if line["logger"] == LOGGER]


def test_a_request_is_logged_as_one_line_with_its_fields(
    browser: Callable[..., Client], owner: User, ledgers: OpenLedgers, lines: Callable[..., list[Any]]
) -> None:
    answer = browser(owner).get("/a/acme/bots?customer=cus_8401", headers={"X-Request-ID": "from-the-proxy.1"})
    (line,) = of_requests(lines())
    assert answer["X-Request-ID"] == line["request_id"] == "from-the-proxy.1"
    assert {name: line[name] for name in ("level", "method", "route", "status", "account")} == {
        "level": "info", "method": "GET", "route": "bots", "status": 200, "account": "acme",
    }  # fmt: skip
    assert line["duration_ms"] >= 0
    assert set(line) == {
        "time", "level", "logger", "message", "request_id", "method", "route", "status", "duration_ms", "account",
    }  # fmt: skip


def test_no_line_contains_customers_keys_secrets_or_search_terms(
    browser: Callable[..., Client], owner: User, ledgers: OpenLedgers, lines: Callable[..., list[Any]]
) -> None:
    secret = new_key("acme", KeyDraft(name="k", scopes=ACCOUNT_SCOPES), created_by=None).secret
    bearer = {"Authorization": f"Bearer {secret}"}
    client = browser(owner)
    client.get("/a/acme/customers/cus_8401?search=looked-for")
    client.get("/a/acme/conversations/conv_77")
    client.get("/api/v1/accounts/acme/sessions?customer=cus_8401", headers=bearer)
    client.get("/api/v1/accounts/acme/sessions", headers={"Authorization": f"Bearer {KEY}"})
    client.get("/s/secret-of-a-shared-link")
    client.get("/link/secret-of-a-link")
    client.get("/a/somebody-s-account/bots")
    client.get("/nowhere/cus_8401")
    client.post("/sign-in", {"email": "ada@example.org", "password": "hunter2-hunter2"})
    client.generic("CUS_8401", "/")
    text = "\n".join(json.dumps(line) for line in lines())
    assert len(of_requests(lines())) == 10
    words = ("cus_8401", "CUS_8401", "looked-for", "conv_77", secret, KEY, "secret-of", "somebody", "hunter2", "ada@")
    assert not [word for word in words if word in text]


def test_every_field_of_a_line_is_bounded(lines: Callable[..., list[Any]]) -> None:
    long = "a" * 200_000
    fields = {"fields": {"text": long, "other": [long], "number": 7}}
    logging.getLogger("botmeter.inside").warning("Invalid header: %s", long, extra=fields)
    (line,) = lines()
    assert line["message"].endswith("a… (200,016 characters)")
    assert line["number"] == 7
    assert all(len(line[name]) < 4_100 for name in ("message", "text", "other"))


def test_a_server_error_is_logged_as_error_and_overload_as_warning(lines: Callable[..., list[Any]]) -> None:
    for status in (500, 503, 404):
        log_request("report", method="GET", status=status, seconds=0.1)
    assert [line["level"] for line in of_requests(lines())] == ["error", "warning", "info"]


@pytest.mark.parametrize(
    ("path", "host"),
    [("/sign-in", "evil.example"), ("/sign-in", ""), (f"/a/acme/bots?search={'x' * 20_000}", "localhost")],
)
def test_a_malformed_request_is_logged_as_any_other(
    path: str, host: str, client: Client, ledgers: OpenLedgers, lines: Callable[..., list[Any]]
) -> None:
    assert client.get(path, headers={"Host": host}).status_code == 400
    assert [(line["logger"], line["level"]) for line in lines()] == [(LOGGER, "info")]


def test_health_checks_are_logged_at_debug_level_only(
    client: Client, ledgers: OpenLedgers, lines: Callable[..., list[Any]]
) -> None:
    client.get("/metrics")
    for route in ("healthz", "readyz"):
        log_request(route, method="GET", status=200, seconds=0.1)
    assert {line["level"] for line in of_requests(lines())} == {"debug"}


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "ü", "a\nb", "<script>", KEY + "/", "{", "%0a", "\u202e"])
def test_an_invalid_request_id_is_replaced(client: Client, sent: str) -> None:
    answer = client.get("/metrics", headers={"X-Request-ID": sent.encode("utf-8").decode("latin-1")})
    assert answer["X-Request-ID"] != sent
    assert len(answer["X-Request-ID"]) == 16


@given(sent=st.text())
def test_a_request_id_is_always_a_short_plain_name(sent: str) -> None:
    request_id = request_ids.request_id(sent)
    assert 0 < len(request_id) <= request_ids.LENGTH_MAX
    assert request_id.isascii()
    assert request_id.replace("-", "").replace(".", "").replace("_", "x").isalnum() or set(request_id) <= set("-._")


def test_lines_logged_during_a_request_have_its_id_and_later_ones_do_not(
    lines: Callable[..., list[Any]],
) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        logging.getLogger("botmeter.inside").warning("something")
        return HttpResponse()

    request_log(answer)(RequestFactory().get("/", headers={"X-Request-ID": "abc"}))
    logging.getLogger("botmeter.after").warning("something else")
    inside, after = (
        next(line for line in lines() if line["logger"] == f"botmeter.{when}") for when in ("inside", "after")
    )
    assert inside["request_id"] == "abc"
    assert "request_id" not in after
    assert request_ids.current.get() == ""


@pytest.mark.parametrize("form", [logs.JsonLines, logs.TextLines])
def test_an_exception_is_logged_with_its_location_and_without_values(
    lines: Callable[..., list[Any]], form: type[logging.Formatter]
) -> None:
    lines.handler.setFormatter(form())  # type: ignore[attr-defined]
    try:
        int("cus_8401")
    except ValueError:
        logging.getLogger("botmeter.test").exception("It failed with %s for /x?customer=cus_8401", KEY)
    (line,) = lines("text")
    assert "ValueError" in line
    assert "test_request_log.py" in line
    assert not [word for word in ("cus_8401", KEY) if word in line]


@pytest.mark.parametrize("key", [KEY, "wh_Zx3-verysecret_key-of-an-address"])
def test_a_key_anywhere_in_a_line_is_redacted(key: str) -> None:
    text = f"POST /api/v1/webhooks/desk/{key} failed ({key})"
    line = logs.JsonLines().format(logging.LogRecord("x", logging.INFO, "", 0, text, (), None))
    assert "verysecret" not in line
    assert json.loads(line)["message"].count(key[:3] + "…") == 2


def test_a_logged_exception_refers_to_its_stored_trace(
    lines: Callable[..., list[Any]], settings: Any, tmp_path: Path
) -> None:
    settings.DATA = tmp_path
    bug = report_bug("GET /a/acme/customers/cus_8401", ValueError("cus_8401"))
    (line,) = lines()
    assert (line["level"], line["reference"], line["exception"]) == ("error", bug.reference, "ValueError")
    assert "cus_8401" not in json.dumps(line)
    (trace,) = (tmp_path / "logs").iterdir()
    assert bug.reference in trace.name
    assert "cus_8401" in trace.read_text(encoding="utf-8")


@given(text=st.text(st.characters(codec=None)))
def test_a_logged_text_is_always_one_line(text: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s", (text,), None)
    for form in (logs.TextLines(), logs.JsonLines()):
        line = form.format(record)
        assert len(line.encode().decode().splitlines()) == 1


@pytest.mark.parametrize("form", get_args(LogFormat))
@pytest.mark.parametrize("level", get_args(LogLevel))
def test_every_configuration_is_valid_for_logging(form: LogFormat, level: LogLevel) -> None:
    config = logs.logging_config(form, level)
    assert logging.config.DictConfigurator(config).configure_formatter(config["formatters"]["lines"]).__class__ is (
        logs.JsonLines if form == "json" else logs.TextLines
    )
    assert config["root"]["level"] == level.upper()
    assert set(config["loggers"]) >= {"_granian", "granian.access", "django.request"}
