"""Commands of `quarantine`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from botmeter.cli import options
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.data_dir import opened_ledger, readable_ledger
from botmeter.cli.imports import receipts_as_mapping
from botmeter.cli.output import atomic_file, fields_of, say, show, show_json, show_rows
from botmeter.domain.instant import now_us, text_from_us
from botmeter.domain.text import counted

if TYPE_CHECKING:
    from botmeter.ledger.quarantine import Quarantined

_COUNTS = ("accepted", "duplicates", "conflicts", "rejected")
_COLUMNS = ("number", "recorded_at", "source", "position", "event_id", "code", "detail", "raw")
_LISTED = ("number", "source", "event_id", "code", "detail")

commands = command_group("quarantine", "Quarantine: rejected events with their reason.")

Code = Annotated[str | None, Option("--code", metavar="CODE", help="Only events rejected with this code.")]


@commands.command(
    "list",
    epilog=examples(
        ("", "botmeter quarantine list --account acme"),
        ("", "botmeter quarantine list --account acme --code time_without_offset"),
    ),
)
def list_quarantined(
    account: options.AccountName,
    code: Code = None,
    limit: Annotated[int, Option("--limit", metavar="N", min=1, help="At most this many.")] = 100,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """List rejected and conflicting events with their reasons."""
    from botmeter.ledger.quarantine import QuarantineFilter, quarantined

    with readable_ledger(data, account) as ledger:
        rows = [_as_row(each) for each in quarantined(ledger, QuarantineFilter(code=code), limit=limit + 1)]
    show_rows(_LISTED if form == "table" else _COLUMNS, rows[:limit], form=form)
    if len(rows) > limit:
        say(f"showing the first {limit}; use --limit for more, or `botmeter quarantine export` for all")
    elif not rows:
        say("quarantine is empty" if code is None else f"no quarantined events with code {code}")


@commands.command(
    epilog=examples(
        ("", "botmeter quarantine export --account acme -o refused.ndjson"),
        (
            "As they were sent, to be corrected and imported again:",
            "botmeter quarantine export -a acme --raw -o corrected.ndjson",
        ),
    )
)
def export(
    account: options.AccountName,
    output: Annotated[
        Path | None,
        Option("--output", "-o", metavar="FILE", help="File to write. Default: stdout."),
    ] = None,
    raw: Annotated[bool, Option("--raw", help="Only the events as they were sent, one per line.")] = False,
    code: Code = None,
    data: options.Data = None,
) -> None:
    """Export the quarantine as NDJSON.

    Each line has the event as it was sent and the reason why it was rejected.
    """
    from botmeter.ledger.quarantine import QuarantineFilter, quarantined

    with readable_ledger(data, account) as ledger:
        lines = [
            _raw_line(each) if raw else json.dumps(_as_row(each), ensure_ascii=False)
            for each in quarantined(ledger, QuarantineFilter(code=code))
        ]
    text = "".join(f"{line}\n" for line in lines)
    if output is None:
        show(text)
        return
    with atomic_file(output) as file:
        file.write(text.encode("utf-8", "replace"))
    say(f"{counted(len(lines), 'event')} written to {output}")


@commands.command(epilog=examples(("", "botmeter quarantine retry --account acme")))
def retry(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """Retry all quarantined events.

    Events that are accepted now leave quarantine; the others stay with their reason.
    """
    from botmeter.sources.requeue import retry as retry_quarantined

    with opened_ledger(data, account) as ledger:
        receipt = retry_quarantined(ledger, now_us=now_us())
    if form == "json":
        show_json(receipts_as_mapping(["quarantine"], [receipt]))
    else:
        show_rows(_COUNTS, [fields_of(receipt, _COUNTS)], form=form)


def _as_row(event: "Quarantined") -> dict[str, object]:
    return {
        **fields_of(event, _COLUMNS),
        "recorded_at": text_from_us(event.recorded_at),
        "raw": event.raw.decode("utf-8", "replace"),
    }


def _raw_line(event: "Quarantined") -> str:
    """Event on one line; in JSON, line breaks are between tokens only."""
    return event.raw.decode("utf-8", "replace").replace("\r", " ").replace("\n", " ")
