"""`report`."""

from collections.abc import Mapping
from typing import Any

from botmeter.cli import options
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.data_dir import readable_ledger
from botmeter.cli.filter_options import takes_filters
from botmeter.cli.output import say, show, show_json, show_rows
from botmeter.domain.instant import now_us
from botmeter.domain.period import UTC_NAME
from botmeter.reports.filters import Filters

COLUMNS = ("section", "key", "name", "sessions", "opened", "tickets", "conversations", "previews", "partial")
_SECTIONS = (
    ("trend", "day", "date"),
    ("by_month", "month", "month"),
    ("by_bot", "bot", "bot_id"),
    ("by_channel", "channel", "channel"),
    ("by_ticket_type", "ticket_type", "ticket_type"),
)

commands = Commands()


@commands.command(
    epilog=examples(
        ("The last 30 UTC days:", "botmeter report --account acme"),
        ("A month:", "botmeter report --account acme --from 2026-10-01 --to 2026-10-31"),
        ("Two bots on one channel:", "botmeter report --account acme --bot b1 --bot b2 --channel web"),
        ("All bots but one:", "botmeter report --account acme --not-bot b1"),
        (
            "A month against the one before:",
            "botmeter report --account acme --period last-month --compare auto",
        ),
        ("In the days of India:", "botmeter report --account acme --timezone Asia/Kolkata"),
        ("For a program, or a spreadsheet:", "botmeter report --account acme --format json"),
        ("", "botmeter report --account acme --format csv"),
    )
)
@takes_filters()
def report(
    account: options.AccountName,
    first: options.FirstDay = None,
    last: options.LastDay = None,
    period: options.NamedPeriod = None,
    timezone: options.Zone = UTC_NAME,
    compare: options.ComparedWith = None,
    compare_from: options.ComparedFirst = None,
    compare_to: options.ComparedLast = None,
    *,
    filters: Filters,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Show the sessions consumed, and their splits.

    In total and by day, month, bot, channel and ticket type. A session counts on the day of its start, a
    UTC day unless --timezone names a zone. A session with two bots counts once under each; "opened" counts
    it under the bot that opened it, and adds up to the total. As CSV the report is one table with the
    columns section, key, name, sessions, opened, tickets, conversations, previews and partial; its
    sections are total, compared, day, month, bot, channel and ticket_type. Days without data have no number.
    """
    from botmeter.cli.report_page import report_page
    from botmeter.cli.terminal import stdout_screen
    from botmeter.ledger.billing.plan_terms import plan_terms
    from botmeter.reports.compared_report import compared_report

    days = options.requested_days(first, last, timezone=timezone, period=period)
    comparison = options.comparison_of(days, compare, first=compare_from, last=compare_to)
    with readable_ledger(data, account) as ledger:
        query = options.query_of(ledger.account, days=days, filters=filters)
        report = compared_report(ledger, query, comparison=comparison, now_us=now_us())
        if plan_terms(ledger):
            from botmeter.billing.session_charges import with_not_charged

            report = with_not_charged(ledger, query, report=report)
        answer = report.to_dict()
    match form:
        case "table":
            show(report_page(answer, query=query, screen=stdout_screen()))
            return
        case "json":
            show_json(answer)
        case "csv":
            show_rows(COLUMNS, _rows(answer), form="csv")
    if query.moved_from is not None:
        say(f"data starts on {query.period.first_on}: the period was moved up to it from {query.moved_from}")


def _rows(answer: Mapping[str, Any]) -> list[dict[str, object]]:
    rows = [_totals("total", answer)]
    if compared := answer.get("comparison"):
        rows.append(_totals("compared", compared) | {"key": "{from}..{to}".format(**compared["period"])})
    for section, name, key in _SECTIONS:
        for entry in answer[section]:
            row = {"section": name, "key": entry[key], "name": entry.get("bot_name")}
            rows.append(row | {column: entry[column] for column in COLUMNS if column in entry})
    return [{column: row.get(column) for column in COLUMNS} for row in rows]


def _totals(section: str, numbers: Mapping[str, Any]) -> dict[str, object]:
    totals = {name: numbers[name] for name in ("previews", "conversations", "tickets")}
    return {"section": section, "sessions": numbers["sessions_consumed"], **totals}
