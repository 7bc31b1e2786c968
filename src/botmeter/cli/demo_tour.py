"""What to try after the demo: commands that work as they are pasted, about sessions that are worth a look."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

from botmeter.cli.context import command_context, located, variable

if TYPE_CHECKING:
    import pyarrow as pa

    from botmeter.ledger.ledger import Ledger
    from botmeter.reports.query import UsageQuery

# Enough to find one that is worth it, few enough to read at once.
_DAYS_LOOKED_AT = 5


def tour(ledger: "Ledger", asked: "UsageQuery", *, place: str) -> list[str]:
    """Lines: what a command shows, and the command.

    Args:
        place: ` --data …` where the commands need it.
    """
    account = f"--account {ledger.account.name}{place}"
    session_id, program = session_worth_a_look(ledger, asked), _program()
    steps = [
        ("The rows behind the numbers, for a spreadsheet", f"{program} sessions {account} -o sessions.csv"),
        ("What the same traffic costs under other rules", f"{program} simulate {account} --policy kommunicate.mau"),
        ("Since the beginning", f"{program} report {account} --from 2022-02-04"),
        ("Everything metered again and compared", f"{program} verify {account}"),
    ]
    if session_id is not None:
        steps.insert(0, ("Why one of these sessions was charged", f"{program} explain {session_id} {account}"))
    return [line for reason, command in steps for line in (f"  {reason}:", f"    {command}")]


def _program() -> str:
    """How this command is called from here: by its path where it is not among the commands that are found."""
    called = Path(command_context().program)
    if called.name != "botmeter" or which("botmeter", path=variable("PATH")) is not None:
        return "botmeter"
    return os.path.relpath(located(called), located(Path()))


def session_worth_a_look(ledger: "Ledger", asked: "UsageQuery") -> str | None:
    """The id of a session with several bots, best one that goes on after midnight; None if there is no session."""
    from botmeter.reports.rows import underlying_rows

    best: tuple[int, str] | None = None
    wanted = ("session_id", "session_start", "bot_id", "channel", "conversation_id", "conversation_updated_at")
    for rows in _by_session(underlying_rows(ledger, _last_days(asked), columns=wanted)):
        bots, channels = ({row[name] for row in rows} for name in ("bot_id", "channel"))
        start = rows[0]["session_start"]
        goes_on = any(
            start.date() < row["conversation_updated_at"].date() <= start.date() + timedelta(days=1) for row in rows
        )
        score = 4 * (len(bots) > 1) + 2 * goes_on + (len(channels) > 1)
        if best is None or score > best[0]:
            best = (score, rows[0]["session_id"])
    return best[1] if best else None


def _last_days(asked: "UsageQuery") -> "UsageQuery":
    period = asked.period
    first_on = max(period.first_on, period.last_on - timedelta(days=_DAYS_LOOKED_AT - 1))
    return replace(asked, period=replace(period, first_on=first_on))


def _by_session(batches: "Iterable[pa.RecordBatch]") -> "Iterator[list[dict[str, Any]]]":
    rows = (row for batch in batches for row in batch.to_pylist())
    return (list(found) for _, found in groupby(rows, key=itemgetter("session_id")))
