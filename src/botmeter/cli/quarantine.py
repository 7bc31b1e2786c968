"""`quarantine list | export | retry`: events that were not taken, kept with their reason."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from botmeter.cli import options
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.data_dir import opened_ledger
from botmeter.cli.imports import receipts_as_mapping
from botmeter.cli.output import file_in_one_piece, say, show, show_json, show_rows
from botmeter.cli.terminal import counted

if TYPE_CHECKING:
    from botmeter.ledger.quarantine import Quarantined

_COUNTS = ("accepted", "duplicates", "conflicts", "rejected")
_LISTED = ("number", "source", "event_id", "code", "detail")

commands = command_group("quarantine", "Events that were not taken, with their reason.")

Code = Annotated[
    str | None, Option("--code", metavar="CODE", help="Only those refused for this reason.", show_default=False)
]


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
    """List refused and conflicting events, each with its reason."""
    from botmeter.ledger.quarantine import quarantined

    with opened_ledger(data, account, purpose="botmeter quarantine list", read_only=True) as ledger:
        rows = [_as_row(each) for each in quarantined(ledger, code=code, limit=limit + 1)]
    show_rows(_LISTED if form == "table" else tuple(rows[0]) if rows else _LISTED, rows[:limit], form=form)
    if len(rows) > limit:
        say(f"the first {limit}; --limit shows more, `botmeter quarantine export` writes all of them")
    elif not rows:
        say("nothing is in quarantine" if code is None else f"nothing is in quarantine for {code}")


@commands.command(
    epilog=examples(
        ("", "botmeter quarantine export --account acme -o refused.ndjson"),
        (
            "As they were sent, to be mended and imported again:",
            "botmeter quarantine export -a acme --raw -o mended.ndjson",
        ),
    )
)
def export(
    account: options.AccountName,
    output: Annotated[
        Path | None, Option("--output", "-o", metavar="FILE", help="Where to. Default: stdout.", show_default=False)
    ] = None,
    raw: Annotated[bool, Option("--raw", help="Only the events, as they were sent, one a line.")] = False,
    code: Code = None,
    data: options.Data = None,
) -> None:
    """Write everything in quarantine as NDJSON.

    Each event as it was sent, and why it was not taken.
    """
    from botmeter.ledger.quarantine import quarantined

    with opened_ledger(data, account, purpose="botmeter quarantine export", read_only=True) as ledger:
        lines = [
            _raw_line(each) if raw else json.dumps(_as_row(each), ensure_ascii=False)
            for each in quarantined(ledger, code=code)
        ]
    text = "".join(f"{line}\n" for line in lines)
    if output is None:
        show(text)
        return
    with file_in_one_piece(output) as file:
        file.write(text.encode("utf-8", "replace"))
    say(f"{counted(len(lines), 'event')} written to {output}")


@commands.command(epilog=examples(("", "botmeter quarantine retry --account acme")))
def retry(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """Send everything in quarantine again.

    What can be taken now leaves quarantine; the rest stays with its reason.
    """
    from botmeter.domain.instant import now_us
    from botmeter.sources.requeue import retry as sent_again

    with opened_ledger(data, account, purpose="botmeter quarantine retry") as ledger:
        receipt = sent_again(ledger, now_us=now_us())
    if form == "json":
        show_json(receipts_as_mapping(["quarantine"], [receipt]))
    else:
        show_rows(_COUNTS, [{name: getattr(receipt, name) for name in _COUNTS}], form=form)


def _as_row(found: "Quarantined") -> dict[str, object]:
    from botmeter.domain.instant import text_from_us

    return {
        "number": found.number,
        "recorded_at": text_from_us(found.recorded_at),
        "source": found.source,
        "position": found.position,
        "event_id": found.event_id,
        "code": found.code,
        "detail": found.detail,
        "raw": found.raw.decode("utf-8", "replace"),
    }


def _raw_line(found: "Quarantined") -> str:
    """The event on one line: JSON may be broken over several, and a line break inside a text is escaped anyway."""
    return found.raw.decode("utf-8", "replace").replace("\r", " ").replace("\n", " ")
