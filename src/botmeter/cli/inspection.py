"""`explain`, `verify`, `restatements`."""

from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Exit, Option

from botmeter.cli import options
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.data_dir import opened_ledger, readable_ledger
from botmeter.cli.failures import DIFFERENT
from botmeter.cli.output import fields_of, say, show, show_json, show_rows
from botmeter.cli.terminal import stdout_screen
from botmeter.domain.instant import now_us, text_from_us, text_to_the_second
from botmeter.domain.text import counted

if TYPE_CHECKING:
    from botmeter.ledger.restatements import Restatement

_DIFFERENCE = ("table", "is_stored", "row")
_RESTATED = ("recorded_at", "day", "before", "after", "because")

commands = Commands()


@commands.command(epilog=examples(("", "botmeter explain 4c10adab-a6a2-87a4-acf7-6c2826b08fbe --account acme")))
def explain(
    session: Annotated[str, Argument(metavar="SESSION", help="The session's id.")],
    account: options.AccountName,
    data: options.Data = None,
    form: Annotated[Literal["table", "json"], Option("--format", help="Format of stdout.")] = "table",
) -> None:
    """Explain why a session was charged.

    The event that opened it, who took part, what ended it, and the policy.
    """
    from botmeter.reports.explain import explain as explained
    from botmeter.reports.explanation_json import explanation_as_mapping
    from botmeter.reports.explanation_text import explanation_as_text

    with readable_ledger(data, account) as ledger:
        explanation = explained(ledger, session, now_us=now_us())
    if form == "json":
        show_json(explanation_as_mapping(explanation))
        return
    screen = stdout_screen()
    show(screen.plain(explanation_as_text(explanation)).rstrip("\n") + "\n")


@commands.command(epilog=examples(("", "botmeter verify --account acme")))
def verify(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """Meter all events again and compare.

    The exit code is 3 if any stored session or count differs from what the events give.
    """
    from botmeter.ledger.verify import verify as verified

    with opened_ledger(data, account) as ledger:
        result = verified(ledger)
    rows = [fields_of(each, _DIFFERENCE) for each in result.differences]
    counts = {
        name: getattr(result, f"{name[:-1]}_count") for name in ("events", "sessions", "duplicates", "differences")
    }
    if form == "json":
        show_json({**counts, "first_differences": rows})
    elif rows or form == "csv":
        show_rows(_DIFFERENCE, rows, form=form)
    metered = f"{counted(result.event_count, 'event')} metered again, {counted(result.session_count, 'session')}"
    if not result.is_clean:
        doubled = f", {counted(result.duplicate_count, 'event')} stored twice" if result.duplicate_count else ""
        say(f"{metered}: {counted(result.difference_count, 'difference')}{doubled}")
        raise Exit(DIFFERENT)
    say(f"{metered}: no difference")


@commands.command(
    epilog=examples(
        ("", "botmeter restatements --account acme"),
        ("With the events that did it:", "botmeter restatements --account acme --format json"),
    )
)
def restatements(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """List numbers that changed after their day.

    Each with the time of the change, the numbers before and after, and the cause: events that were late
    or corrected, a policy changed for the past, or merged customers.
    """
    from botmeter.ledger.restatements import restatements as restated

    with readable_ledger(data, account) as ledger:
        changes = list(restated(ledger))
    if form == "json":
        show_json([_as_mapping(each) for each in changes])
        return
    rows = [
        {
            **_as_mapping(each),
            "recorded_at": text_to_the_second(each.recorded_at),
            "because": _because(each),
        }
        for each in changes
    ]
    show_rows(_RESTATED, rows, form=form)


def _as_mapping(restated: "Restatement") -> dict[str, object]:
    return {
        "append_no": restated.append_no,
        "submission": restated.label,
        "recorded_at": text_from_us(restated.recorded_at),
        "day": str(restated.day),
        "before": restated.before_count,
        "after": restated.after_count,
        "removed": list(restated.removed),
        "added": list(restated.added),
        "because": list(restated.because),
        "because_count": restated.because_count,
    }


def _because(restated: "Restatement") -> str:
    from botmeter.ledger.restatements import Cause

    if restated.cause is Cause.APPEND:
        return counted(restated.because_count, "event")
    return restated.label or "the policy was changed"
