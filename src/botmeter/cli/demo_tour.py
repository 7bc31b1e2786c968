"""Commands to try after the demo."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

from botmeter.cli.context import command_context, located, variable

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.reports.query import UsageQuery

# Enough days to find an interesting session, few enough to read quickly.
_DAYS_SEARCHED = 5


def tour(ledger: "ReadableLedger", query: "UsageQuery", *, data_option: str) -> list[str]:
    """Lines of purpose and command in turn; `data_option` is ` --data …` or empty."""
    account = f"--account {ledger.account.name}{data_option}"
    session_id, program = interesting_session(ledger, query), _program()
    steps = [
        ("The rows behind the numbers, for a spreadsheet", f"{program} sessions {account} -o sessions.csv"),
        ("What the same traffic costs under other rules", f"{program} simulate {account} --policy kommunicate.mau"),
        ("What was billed in the last two years", f"{program} statement list {account}"),
        ("Since the beginning", f"{program} report {account} --from 2022-02-04"),
        ("Meter everything again and compare", f"{program} verify {account}"),
    ]
    if session_id is not None:
        steps.insert(0, ("Why one of these sessions was charged", f"{program} explain {session_id} {account}"))
    return [line for reason, command in steps for line in (f"  {reason}:", f"    {command}")]


def _program() -> str:
    called = Path(command_context().program)
    if called.name != "botmeter" or which("botmeter", path=variable("PATH")) is not None:
        return "botmeter"
    return os.path.relpath(located(called), located(Path()))


def interesting_session(ledger: "ReadableLedger", query: "UsageQuery") -> str | None:
    """Session with several bots, preferably across midnight; None without sessions."""
    from botmeter.reports.rows import underlying_rows

    columns = ("session_id", "session_start", "bot_id", "channel", "conversation_id", "conversation_updated_at")
    rows = underlying_rows(ledger, _last_days(query), columns=columns).read_all()
    sessions = rows.group_by("session_id", use_threads=False).aggregate(
        [
            ("bot_id", "count_distinct"),
            ("channel", "count_distinct"),
            ("session_start", "min"),
            ("conversation_updated_at", "max"),
        ]
    )
    best = max(sessions.to_pylist(), key=_interest, default=None)
    return None if best is None else best["session_id"]


def _interest(session: dict[str, Any]) -> tuple[bool, bool, bool]:
    day_count = (session["conversation_updated_at_max"].date() - session["session_start_min"].date()).days
    return session["bot_id_count_distinct"] > 1, day_count == 1, session["channel_count_distinct"] > 1


def _last_days(query: "UsageQuery") -> "UsageQuery":
    period = query.period
    first_on = max(period.first_on, period.last_on - timedelta(days=_DAYS_SEARCHED - 1))
    return replace(query, period=replace(period, first_on=first_on))
