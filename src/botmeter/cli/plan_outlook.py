"""Commands of `plan` about what is ahead, and about other plans."""

from typing import Annotated

from typer import Option

from botmeter.cli import options
from botmeter.cli.command_groups import examples
from botmeter.cli.data_dir import readable_ledger
from botmeter.cli.output import say, show_json, show_rows
from botmeter.cli.plan_changes import commands
from botmeter.cli.plans import Named, plan_named
from botmeter.domain.instant import now_us
from botmeter.domain.text import counted

__all__ = ["commands"]

_FORECAST_COLUMNS = ("day", "sessions", "low", "high")
_WHAT_IF_COLUMNS = ("plan", "label", "quantity", "unit_price", "amount")


@commands.command("forecast", epilog=examples(("", "botmeter plan forecast --account acme")))
def forecast(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """Forecast the sessions and the cost of the open cycle.

    Rows are the days to come, each with the sessions of the cycle until its end and the band of 80 %.
    """
    from botmeter.billing.outlook_document import forecast_document

    with readable_ledger(data, account) as ledger:
        document = forecast_document(ledger, now_us=now_us())
    if form == "json":
        show_json(document)
        return
    show_rows(_FORECAST_COLUMNS, [{**each} for each in document["days"]], form=form)
    cycle = document["cycle"]
    currency, expected = document["currency"], document["expected_sessions"]
    so_far = _amounts(document["sessions"], document["total"], currency=currency)
    say(f"cycle {cycle['first_day']} to {cycle['last_day']}: {so_far} so far")
    if expected is None:
        say("there is no forecast before a whole day with data")
        return
    say(f"expected at its end: {_amounts(expected, document['expected_total'], currency=currency)}")
    if document["low_sessions"] is not None:
        low = _amounts(document["low_sessions"], document["low_total"], currency=currency)
        high = _amounts(document["high_sessions"], document["high_total"], currency=currency)
        say(f"80 of 100 cycles like this end between {low} and {high}")


def _amounts(sessions: int | None, total: str | None, *, currency: str) -> str:
    return f"{counted(sessions or 0, 'session')}, {total} {currency}"


@commands.command(
    "what-if",
    epilog=examples(
        ("", "botmeter plan what-if freshworks.new --account acme"),
        ("", "botmeter plan what-if my-plan.toml --account acme --cycle 2026-03-31"),
    ),
)
def what_if(
    name: Named,
    account: options.AccountName,
    cycle: Annotated[
        str | None, Option("--cycle", metavar="DATE", help="A day of the cycle. Default: the last one that is over.")
    ] = None,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Compare a cycle with the same sessions under another plan.

    Nothing is left of an earlier cycle, and packs are bought as the other plan says.
    """
    from botmeter.billing.outlook_document import what_if_document

    plan = plan_named(name)
    with readable_ledger(data, account) as ledger:
        document = what_if_document(ledger, plan, day=cycle, now_us=now_us())
    if form == "json":
        show_json(document)
        return
    rows: list[dict[str, object]] = []
    for label, price in ((document["own_plan"], document["own"]), (document["plan"], document["other"])):
        rows += [{"plan": label, **line} for line in price["lines"]]
        total = {"plan": label, "label": f"Total in {price['currency']}", "amount": price["total"]}
        rows.append({**dict.fromkeys(_WHAT_IF_COLUMNS), **total})
    show_rows(_WHAT_IF_COLUMNS, rows, form=form)
    say(f"cycle {document['cycle']['first_day']} to {document['cycle']['last_day']}")
    if document["note"]:
        say(document["note"])


@commands.command("advise", epilog=examples(("", "botmeter plan advise --account acme")))
def advise(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """Advise on packs, from the last six closed cycles."""
    from botmeter.billing.outlook_document import pack_advice_document

    with readable_ledger(data, account) as ledger:
        advice = pack_advice_document(ledger, now_us=now_us())
    if form == "json":
        show_json({"advice": advice})
        return
    show_rows(("packs", "least_bought", "most_bought", "cycles"), [] if advice is None else [{**advice}], form=form)
    if advice is None:
        say("no advice: it needs three closed cycles, one meter, and packs that lapse with the cycle")
    else:
        say(advice["sentence"] or "what was bought was as good")
