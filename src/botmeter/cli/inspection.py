"""`explain`, `verify`, `restatements`: why a number is what it is, whether it still holds, how it came to change."""

from typing import Annotated, Literal

from typer import Argument, Exit, Option

from botmeter.cli import options
from botmeter.cli.failures import DIFFERENT
from botmeter.cli.grouping import Commands, examples
from botmeter.cli.output import say, show, show_json, show_rows
from botmeter.cli.place import opened_ledger
from botmeter.cli.terminal import counted, stdout_screen

_RESTATED = ("recorded_at", "day", "before", "after", "because")

commands = Commands()


@commands.command(
    epilog=examples(("", "botmeter explain 0b2ff0e4-6c1c-8f6a-9d42-1f2f63a7c1d5 --account acme"))
)
def explain(
    session: Annotated[str, Argument(metavar="SESSION", help="The session's id.", show_default=False)],
    account: options.AccountName,
    data: options.Data = None,
    form: Annotated[Literal["table", "json"], Option("--format", help="How stdout is written.")] = "table",
) -> None:
    """Explain one session: which event opened it, what took part, what ended it, and by which rule."""
    from botmeter.reports.explain import explain as explained
    from botmeter.reports.explain import explanation_as_mapping, explanation_as_text

    with opened_ledger(data, account, purpose="botmeter explain", read_only=True) as ledger:
        explanation = explained(ledger, session)
    if form == "json":
        show_json(explanation_as_mapping(explanation))
        return
    screen = stdout_screen()
    show(screen.plain(explanation_as_text(explanation)).rstrip("\n") + "\n")


@commands.command(epilog=examples(("", "botmeter verify --account acme")))
def verify(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """Meter everything again and compare with what is stored; exit code 3 on any difference."""
    from botmeter.ledger.verify import verify as differences_of

    with opened_ledger(data, account, purpose="botmeter verify") as ledger:
        differences = differences_of(ledger)
    rows = [
        {"table": each.table, "key": str(each.key), "stored": str(each.stored), "metered": str(each.metered)}
        for each in differences
    ]
    if rows or form != "table":
        show_rows(("table", "key", "stored", "metered"), rows, form=form)
    if rows:
        say(f"{counted(len(rows), 'difference')} between what is stored and what is metered again")
        raise Exit(DIFFERENT)
    say("no difference: what is stored is what is metered again")


@commands.command(epilog=examples(("", "botmeter restatements --account acme"), ("With the events that did it:", "botmeter restatements --account acme --format json")))
def restatements(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """List the numbers that changed after their day was over: when, from what to what, because of what."""
    from botmeter.domain.instant import text_from_us
    from botmeter.ledger.restatements import restatements as restated

    with opened_ledger(data, account, purpose="botmeter restatements", read_only=True) as ledger:
        found = list(restated(ledger))
    if form == "json":
        show_json(
            [
                {
                    "append_no": each.append_no,
                    "recorded_at": text_from_us(each.recorded_at),
                    "day": str(each.day),
                    "before": each.before_count,
                    "after": each.after_count,
                    "removed": list(each.removed),
                    "added": list(each.added),
                    "because": list(each.because),
                    "because_count": each.because_count,
                }
                for each in found
            ]
        )
        return
    rows = [
        {
            "recorded_at": text_from_us(each.recorded_at)[:19] + "Z",
            "day": str(each.day),
            "before": each.before_count,
            "after": each.after_count,
            "because": f"{counted(each.because_count, 'event')}" if each.append_no else "the policy was changed",
        }
        for each in found
    ]
    show_rows(_RESTATED, rows, form=form)
