"""Commands of `quarantine`."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.audit import record_in_audit
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.context import COMMAND_LINE
from botmeter.cli.data_dir import opened_ledger, readable_ledger
from botmeter.cli.imports import receipts_as_mapping
from botmeter.cli.output import atomic_file, fields_of, say, show, show_json, show_rows
from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us, text_from_us
from botmeter.domain.text import counted
from botmeter.people.audit_actions import Action

_COUNTS = ("accepted", "duplicates", "conflicts", "rejected")
_LISTED = ("number", "source", "event_id", "code", "detail")
_LISTED_DISCARDED = ("number", "source", "event_id", "code", "discarded_at", "discarded_by", "discarded_for")

commands = command_group("quarantine", "Quarantine: rejected events with their reason.")

Code = Annotated[str | None, Option("--code", metavar="CODE", help="Only events rejected with this code.")]
OfSource = Annotated[str | None, Option("--source", metavar="NAME", help="Only events of this source.")]
Search = Annotated[
    str | None,
    Option(
        "--search", metavar="TEXT", help="Only events with this text in their id, their reason or as they were sent."
    ),
]
Discarded = Annotated[bool, Option("--discarded", help="Discarded events instead of quarantined ones.")]
Numbers = Annotated[
    list[int] | None, Argument(metavar="NUMBER…", help="Numbers of the events, as in `botmeter quarantine list`.")
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
    source: OfSource = None,
    search: Search = None,
    is_discarded: Discarded = False,
    limit: Annotated[int, Option("--limit", metavar="N", min=1, help="Maximum number of events.")] = 100,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """List rejected and conflicting events with their reasons.

    An event leaves the list when its corrected event is accepted, or when it is discarded.
    """
    from botmeter.ledger.quarantine import QuarantineFilter, quarantined
    from botmeter.ledger.quarantine_lines import COLUMNS, entry_as_mapping

    with readable_ledger(data, account) as ledger:
        chosen = QuarantineFilter(code=code, source=source, search=search, is_discarded=is_discarded)
        rows = [entry_as_mapping(each) for each in quarantined(ledger, chosen, limit=limit + 1)]
    listed = _LISTED_DISCARDED if is_discarded else _LISTED
    show_rows(listed if form == "table" else COLUMNS, rows[:limit], form=form)
    if len(rows) > limit:
        say(f"showing the first {limit}; use --limit for more, or `botmeter quarantine export` for all")
    elif not rows:
        say("quarantine is empty" if chosen == QuarantineFilter() else "no such events")


@commands.command(epilog=examples(("", "botmeter quarantine groups --account acme")))
def groups(
    account: options.AccountName,
    is_discarded: Discarded = False,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Count the events of each code, with the newest one as an example."""
    from botmeter.ledger.quarantine import QuarantineFilter, quarantine_groups

    with readable_ledger(data, account) as ledger:
        rows = [
            {
                **fields_of(each, ("code", "entry_count")),
                "sources": " ".join(each.sources),
                "latest_at": text_from_us(each.latest_at),
                "example": each.example.number,
                "detail": each.example.detail,
            }
            for each in quarantine_groups(ledger, QuarantineFilter(is_discarded=is_discarded))
        ]
    columns = ("code", "entry_count", "sources", "latest_at", "example", "detail")
    show_rows(columns, rows, form=form)
    if not rows:
        say("quarantine is empty" if not is_discarded else "no discarded events")


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
    source: OfSource = None,
    search: Search = None,
    is_discarded: Discarded = False,
    data: options.Data = None,
) -> None:
    """Export the quarantine as NDJSON.

    Each line has the event as it was sent and the reason why it was rejected.
    """
    from botmeter.ledger.quarantine import QuarantineFilter
    from botmeter.ledger.quarantine_lines import quarantine_lines

    chosen = QuarantineFilter(code=code, source=source, search=search, is_discarded=is_discarded)
    with readable_ledger(data, account) as ledger:
        lines = quarantine_lines(ledger, chosen, raw=raw)
        if output is None:
            show("".join(lines))
            return
        count = 0
        with atomic_file(output) as file:
            for line in lines:
                file.write(line.encode("utf-8", "replace"))
                count += 1
    say(f"{counted(count, 'event')} written to {output}")


@commands.command(epilog=examples(("", "botmeter quarantine retry --account acme")))
def retry(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """Retry all quarantined events.

    Events that are accepted now leave quarantine; the others stay with their reason.
    """
    from botmeter.sources.requeue import retry as retry_quarantined

    with opened_ledger(data, account) as ledger:
        receipt = retry_quarantined(ledger, now_us=now_us())
    if receipt.total:
        record_in_audit(data, Action.QUARANTINE_RETRIED, account=account, **fields_of(receipt, _COUNTS))
    if form == "json":
        show_json(receipts_as_mapping(["quarantine"], [receipt]))
    else:
        show_rows(_COUNTS, [fields_of(receipt, _COUNTS)], form=form)


@commands.command(
    epilog=examples(
        ("", 'botmeter quarantine discard 12 13 --account acme --reason "test data"'),
        ("All of one code:", "botmeter quarantine discard -a acme --code row_uneven --reason totals"),
    )
)
def discard(
    account: options.AccountName,
    numbers: Numbers = None,
    reason: Annotated[str, Option("--reason", metavar="TEXT", help="Reason, kept with the events.")] = "",
    code: Code = None,
    source: OfSource = None,
    search: Search = None,
    data: options.Data = None,
) -> None:
    """Discard quarantined events that will not be corrected.

    They leave the list, and stay in the account's file with who discarded them, when and why: `botmeter quarantine
    list --discarded` shows them, `botmeter quarantine restore` restores them. Only `botmeter erase` deletes them.
    """
    from botmeter.domain.reason import checked_reason
    from botmeter.ledger.quarantine import QuarantineFilter, quarantined_numbers
    from botmeter.ledger.quarantine import discard as discard_entries

    chosen = QuarantineFilter(code=code, source=source, search=search)
    if bool(numbers) == (chosen != QuarantineFilter()):
        raise Refused("arguments_clash", "Give either numbers, or at least one of --code, --source and --search.")
    checked = checked_reason(reason)
    with opened_ledger(data, account) as ledger:
        some = numbers or quarantined_numbers(ledger, chosen)
        count = discard_entries(ledger, some, reason=checked, by=COMMAND_LINE, now_us=now_us())
    if count:
        detail = {"events": count, "reason": checked, "code": code or ""}
        record_in_audit(data, Action.QUARANTINE_DISCARDED, account=account, **detail)
    say(f"{counted(count, 'event')} discarded")


@commands.command(epilog=examples(("", "botmeter quarantine restore 12 13 --account acme")))
def restore(
    account: options.AccountName,
    numbers: Annotated[list[int], Argument(metavar="NUMBER…", help="Numbers of discarded events.")],
    data: options.Data = None,
) -> None:
    """Restore discarded events to quarantine."""
    from botmeter.ledger.quarantine import restore_discarded

    with opened_ledger(data, account) as ledger:
        count = restore_discarded(ledger, numbers)
    if count:
        record_in_audit(data, Action.QUARANTINE_RESTORED, account=account, events=count)
    say(f"{counted(count, 'event')} restored to quarantine")
