import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

import botmeter
from botmeter.domain.instant import us_from_text
from botmeter.domain.period import Period, day_start_us
from botmeter.ledger.ledger import Ledger
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT, Policy
from botmeter.reports.filters import Filters
from botmeter.reports.overview import overview
from botmeter.reports.query import UsageQuery
from botmeter.reports.rows import underlying_rows
from botmeter.reports.usage import usage_report
from support.facts import event, filled_ledger

AGENTS = Policy(name="agents", participants="bot+agent", opens_on="any", max_duration_us=3_600_000_000)


# What pages and commands load; simulating and explaining load the meter when they run.
REPORTS = [
    *("usage", "rows", "export", "simulate", "explain", "overview", "hours", "versions"),
    *("customers", "conversation", "filter_values", "bots", "compared_report"),
]


def at(text: str) -> int:
    return us_from_text(f"2026-{text}Z")


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    """Three sessions: one of 21 November with two bots, and on 1 and 2 December one each."""
    filled = filled_ledger(
        [
            event("1", at("11-21T22:30:05"), bot_name="Order bot", bot_version="1"),
            event("2", at("11-21T23:00:00"), bot_version="2"),
            event(
                "3",
                at("11-21T23:30:00"),
                bot_id="b2",
                channel="sms",
                conversation_id="v2",
                ticket_id="T1",
                ticket_type="refund",
            ),
            event("4", at("12-01T00:00:00"), preview=True, ticket_id="T2"),
            event("5", at("12-02T10:00:00"), customer_id="c2", bot_name="Orders"),
        ]
    )
    yield filled
    filled.connection.close()


def query_of(first: str, last: str, *, today: str | None = None, **filters: Any) -> UsageQuery:
    period = Period(first_on=date.fromisoformat(first), last_on=date.fromisoformat(last))
    today_on = None if today is None else date.fromisoformat(today)
    return UsageQuery(period=period, filters=Filters(**filters), today_on=today_on)


def test_the_report_has_the_shape_and_key_order_of_the_contract(ledger: Ledger) -> None:
    answer = msgspec.to_builtins(usage_report(ledger, query_of("2026-11-30", "2026-12-02", today="2026-12-02")))
    assert list(answer.items()) == [
        ("account", "acme"),
        ("policy", "freshchat.session@1"),
        ("period", {"from": "2026-11-30", "to": "2026-12-02", "timezone": "UTC", "days": 3}),
        ("filters", {"bot": [], "bot_version": [], "channel": [], "customer": [], "conversation": []}),
        ("sessions_consumed", 2),
        ("previews", 1),
        ("conversations", 1),
        ("tickets", 1),
        (
            "trend",
            [
                {"date": "2026-11-30", "sessions": 0, "tickets": 0},
                {"date": "2026-12-01", "sessions": 1, "tickets": 1},
                {"date": "2026-12-02", "sessions": 1, "tickets": 1},
            ],
        ),
        ("by_bot", [{"bot_id": "b1", "bot_name": "Orders", "sessions": 2, "opened": 2}]),
        ("by_channel", [{"channel": "web", "sessions": 2, "opened": 2}]),
        (
            "by_month",
            [
                {"month": "2026-11", "sessions": 0, "partial": True},
                {"month": "2026-12", "sessions": 2, "partial": True},
            ],
        ),
        ("by_ticket_type", [{"ticket_type": "unknown", "tickets": 1, "sessions": 2}]),
    ]


def test_filters_have_preview_only_if_it_is_set(ledger: Ledger) -> None:
    answer = msgspec.to_builtins(usage_report(ledger, query_of("2026-11-01", "2026-12-31", preview=False, bot=("b1",))))
    assert answer["filters"] == {
        "bot": ["b1"],
        "bot_version": [],
        "channel": [],
        "customer": [],
        "conversation": [],
        "preview": False,
    }
    assert answer["sessions_consumed"] == 2


def test_a_session_with_two_bots_counts_once_under_each_and_in_the_overlap(ledger: Ledger) -> None:
    report = usage_report(ledger, query_of("2026-11-21", "2026-11-21"))
    assert [(bot.bot_id, bot.session_count, bot.opened_count) for bot in report.by_bot] == [("b1", 1, 1), ("b2", 1, 0)]
    assert (report.sessions_consumed, report.bot_overlap, report.channel_overlap) == (1, 1, 1)


def test_a_bot_that_opened_what_matches_is_listed_though_it_does_not_match(ledger: Ledger) -> None:
    report = usage_report(ledger, query_of("2026-11-21", "2026-11-21", bot=("b2",)))
    assert [(bot.bot_id, bot.session_count, bot.opened_count) for bot in report.by_bot] == [("b2", 1, 0), ("b1", 0, 1)]
    assert report.bot_overlap == 0


def test_the_period_holds_its_last_day_to_the_last_microsecond_and_no_longer(ledger: Ledger) -> None:
    for filters in ({}, {"customer": ("c1",)}):
        question = query_of("2026-11-01", "2026-11-30", **filters)
        assert usage_report(ledger, question).sessions_consumed == 1
        assert underlying_rows(ledger, question).read_all().num_rows == 3


@pytest.mark.parametrize(
    ("first", "last", "today", "partial"),
    [
        ("2026-11-01", "2026-11-30", "2026-12-01", False),
        ("2026-11-01", "2026-11-30", "2026-11-30", True),
        ("2026-11-01", "2026-11-30", "2026-10-01", True),
        ("2026-11-02", "2026-12-31", "2027-01-01", True),
        ("2026-10-01", "2026-11-29", "2027-01-01", True),
    ],
)
def test_a_month_is_partial_if_it_is_not_over_or_not_whole_in_the_period(ledger, first, last, today, partial) -> None:
    report = usage_report(ledger, query_of(first, last, today=today))
    assert {month.month: month.is_partial for month in report.by_month}["2026-11"] is partial


@pytest.mark.parametrize("name", ["bot", "bot_version", "channel", "customer", "conversation"])
@pytest.mark.parametrize("value", ["nothing", "", "' OR 1=1 --", "\ud800", "\x00", "\u202e"])
def test_a_filter_value_that_names_nothing_gives_zero(ledger: Ledger, name: str, value: str) -> None:
    question = query_of("2026-11-01", "2026-12-31", **{name: (value,)})
    assert usage_report(ledger, question).sessions_consumed == 0
    assert underlying_rows(ledger, question).read_all().num_rows == 0


def test_a_row_matches_any_of_several_values(ledger: Ledger) -> None:
    report = usage_report(ledger, query_of("2026-11-01", "2026-12-31", customer=("c1", "c2", "nobody")))
    assert report.sessions_consumed == 3


def test_what_agents_did_without_a_bot_is_listed_without_one() -> None:
    agent = event("1", at("11-21T10:00:00"), actor="agent", bot_id=None)
    ledger = filled_ledger([agent, event("2", at("11-21T10:05:00"))], AGENTS)
    report = usage_report(ledger, query_of("2026-11-21", "2026-11-21"))
    ledger.connection.close()
    assert [(bot.bot_id, bot.bot_name, bot.opened_count) for bot in report.by_bot] == [("b1", "b1", 0), (None, None, 1)]


def test_the_policy_is_the_one_of_the_last_day_and_all_that_were_in_force_are_known() -> None:
    schedule = [(FRESHCHAT, ALWAYS_US), (AGENTS, day_start_us(date(2026, 11, 22)))]
    ledger = filled_ledger([event("1", at("11-21T10:00:00"))], schedule)
    both = overview(ledger, query_of("2026-11-21", "2026-11-22"), compared=None)
    before = overview(ledger, query_of("2026-11-20", "2026-11-21"), compared=None)
    after = overview(ledger, query_of("2026-11-22", "2026-11-23"), compared=None)
    ledger.connection.close()
    assert (both.report.policy, both.policies) == ("agents@1", ("freshchat.session@1", "agents@1"))
    assert (before.policies, after.policies) == (("freshchat.session@1",), ("agents@1",))


@pytest.mark.slow
def test_a_report_does_not_import_pandas_where_it_is_installed(tmp_path: Path) -> None:
    program = """
import sys
from datetime import date
from pathlib import Path
from botmeter.domain.account import Account
from botmeter.domain.period import Period
from botmeter.ledger.folder import Folder
from botmeter.metering.policy import FRESHCHAT
from botmeter.reports.overview import overview
from botmeter.reports.query import UsageQuery
from botmeter.reports.usage import usage_report
with Folder.owned(Path(sys.argv[1]), purpose="test") as folder:
    folder.create(Account(name="acme"), policy=FRESHCHAT, now_us=0)
    with folder.reading("acme") as ledger:
        report = usage_report(ledger, UsageQuery(period=Period(first_on=date(2026, 1, 1), last_on=date(2026, 1, 1))))
print(report.sessions_consumed, "pandas" in sys.modules)
"""
    assert run_apart(program, str(tmp_path)).split() == ["0", "False"]


@pytest.mark.slow
def test_a_report_needs_no_compiler() -> None:
    modules = ", ".join(f"botmeter.reports.{name}" for name in REPORTS)
    program = f"import sys, {modules}; print('numba' in sys.modules)"
    assert run_apart(program) == "False"


def run_apart(program: str, *arguments: str) -> str:
    """Output of a program in a new interpreter, which has imported nothing yet."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(botmeter.__file__).parents[1])},
    )
    return done.stdout.strip()
