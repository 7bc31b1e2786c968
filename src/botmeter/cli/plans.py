"""Commands of `plan`."""

from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.completion import accounts_starting, plans_starting
from botmeter.cli.context import command_context
from botmeter.cli.data_dir import readable_ledger
from botmeter.cli.output import say, show, show_json, show_rows
from botmeter.cli.plan_rows import TERM_COLUMNS, term_rows
from botmeter.cli.terminal import stdout_screen

if TYPE_CHECKING:
    from botmeter.billing.plan import Plan

commands = command_group("plan", "Plans: the prices of sessions, and what an account bought.")

Named = Annotated[
    str,
    Argument(
        metavar="NAME|FILE", help="A shipped plan, or a TOML or JSON file; - is stdin.", autocompletion=plans_starting
    ),
]


@commands.command(
    "list",
    epilog=examples(
        ("", "botmeter plan list"), ("", "botmeter plan list --format csv"), ("", "botmeter plan list --account acme")
    ),
)
def list_plans(
    account: Annotated[
        str | None,
        Option(
            "--account", "-a", metavar="NAME", help="List the plans of this account.", autocompletion=accounts_starting
        ),
    ] = None,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """List the shipped plans, or those of an account.

    Shipped are published prices, and a template. JSON and CSV of an account also have withdrawn plans.
    """
    if account is not None:
        with readable_ledger(data, account) as ledger:
            terms = term_rows(ledger, with_withdrawn=form != "table")
        show_rows(("term", "plan", "from", "set_by") if form == "table" else TERM_COLUMNS, terms, form=form)
        if not terms:
            say(f"account {account} has no plan; `botmeter plan set` sets one")
        return
    from botmeter.billing.shipped_plans import shipped_plans

    rows = [_listed(each.plan) for each in shipped_plans()]
    if form == "table":
        for row in rows:
            # The day and the confidence have columns of their own.
            title = str(row["title"]).partition(", as of")[0].partition(", from a secondary")[0]
            row["price"] = title.replace("published price for ", "")
        show_rows(("plan", "price", "seen_on", "confidence"), rows, form=form)
        say("`botmeter plan show NAME` shows the terms and the source of a plan")
    else:
        show_rows(("plan", "title", "currency", "seen_on", "confidence", "source"), rows, form=form)


@commands.command("show", epilog=examples(("", "botmeter plan show freshworks.new")))
def show_plan(
    name: Named, form: Annotated[Literal["toml", "json"], Option("--format", help="Output format.")] = "toml"
) -> None:
    """Show a plan as a file.

    Its terms in words, and the source of a published price, stand above it as comments.
    """
    import msgspec

    from botmeter.billing.plan_sentences import plan_sentences, source_sentence
    from botmeter.billing.plan_text import plan_as_mapping, plan_as_toml
    from botmeter.billing.shipped_plans import shipped_plans

    plan = plan_named(name)
    if form == "json":
        show_json(msgspec.to_builtins(plan_as_mapping(plan)))
        return
    screen = stdout_screen()
    sentences = [plan.title, source_sentence(plan), *plan_sentences(plan)]
    lines = [line for each in sentences if each for line in screen.paragraph(each, indent="# ")]
    shipped = next((each.text for each in shipped_plans() if each.plan == plan), None)
    show(screen.plain("\n".join(lines)) + "\n\n" + (shipped or plan_as_toml(plan)))


@commands.command(
    "price",
    epilog=examples(
        ("", "botmeter plan price freshworks.new --sessions 1200"),
        (
            "With packs that were bought:",
            "botmeter plan price freshworks.new --sessions 1200 --bought 12 --format json",
        ),
    ),
)
def price(
    name: Named,
    sessions: Annotated[int, Option("--sessions", metavar="NUMBER", help="Charged sessions of one cycle.")],
    meter: Annotated[int, Option("--meter", metavar="NUMBER", help="Meter of the plan that counts them, from 0.")] = 0,
    bought: Annotated[
        int | None, Option("--bought", metavar="PACKS", help="Packs bought. Default: as the plan needs.")
    ] = None,
    first_cycle: Annotated[bool, Option("--first-cycle", help="Count an allowance that an account has once.")] = False,
    form: options.Form = "table",
) -> None:
    """Price a number of sessions under a plan.

    They are spread evenly over one cycle. Without --bought, a plan with recharge follows it, and one with packs and
    nothing beyond them buys the fewest packs that fund all.
    """
    from botmeter.billing.plan_price import price_of
    from botmeter.billing.price_document import PRICE_COLUMNS, priced

    rated = price_of(plan_named(name), sessions=sessions, meter=meter, bought=bought, first_cycle=first_cycle)
    document = priced(rated)
    if form == "json":
        show_json(document)
        return
    lines: list[dict[str, object]] = [{**line} for line in document["lines"]]
    if form == "table":
        total = {"label": f"Total in {document['currency']}", "amount": document["total"]}
        lines.append({**dict.fromkeys(PRICE_COLUMNS, None), **total})
    show_rows(PRICE_COLUMNS, lines, form=form)


def plan_named(text: str) -> "Plan":
    """Shipped plan of that name, or plan in that file (`-`: stdin)."""
    from botmeter.billing import shipped_plans

    context = command_context()
    return shipped_plans.plan_named(text, cwd=context.cwd, stdin=context.stdin.buffer if text == "-" else None)


def _listed(plan: "Plan") -> dict[str, object]:
    published = plan.published
    return {
        "plan": plan.name,
        "title": plan.title,
        "currency": plan.currency,
        "seen_on": None if published is None else str(published.seen_on),
        "confidence": None if published is None else published.confidence,
        "source": None if published is None else published.source,
    }
