"""`simulate`."""

from typing import TYPE_CHECKING, Annotated

from typer import Option

from botmeter.cli import options
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.completion import policies_starting
from botmeter.cli.data_dir import readable_ledger
from botmeter.cli.filter_options import takes_filters
from botmeter.cli.output import show, show_json, show_rows
from botmeter.cli.policy_texts import policy_named
from botmeter.domain.instant import now_us
from botmeter.domain.period import UTC_NAME
from botmeter.reports.filters import Filters

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.metering.policy import Policy

commands = Commands()


@commands.command(
    epilog=examples(
        ("The account's own policy and another one:", "botmeter simulate --account acme --policy kommunicate.mau"),
        (
            "Several, each compared with the first:",
            "botmeter simulate -a acme --policy lex.request --policy my-rule.toml",
        ),
    )
)
@takes_filters(simulated=True)
def simulate(
    account: options.AccountName,
    policies: Annotated[
        list[str],
        Option(
            "--policy",
            metavar="NAME|FILE",
            help="A published policy, or a file. Repeatable.",
            autocompletion=policies_starting,
        ),
    ],
    first: options.FirstDay = None,
    last: options.LastDay = None,
    period: options.NamedPeriod = None,
    timezone: options.Zone = UTC_NAME,
    *,
    filters: Filters,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Meter the same traffic under other policies.

    The differences are explained. The other policies are compared with the first one; if you name a single
    policy, it is compared with the account's own. Nothing is changed. A published policy says how units
    are counted, not what a vendor charges.
    """
    import msgspec

    from botmeter.cli.simulation_page import COLUMNS, simulation_page, simulation_rows
    from botmeter.cli.terminal import stdout_screen
    from botmeter.reports.simulate import simulate as simulated

    rules = [policy_named(name) for name in policies]
    days = options.requested_days(first, last, timezone=timezone, period=period)
    with readable_ledger(data, account) as ledger:
        query = options.query_of(ledger.account, days=days, filters=filters)
        if len(rules) == 1 and rules[0] != _own(ledger):
            rules.insert(0, _own(ledger))
        answer = simulated(ledger, query, policies=rules)
    match form:
        case "table":
            show(simulation_page(answer, screen=stdout_screen()))
        case "json":
            show_json(msgspec.to_builtins(answer))
        case "csv":
            show_rows(COLUMNS, simulation_rows(answer), form="csv")


def _own(ledger: "ReadableLedger") -> "Policy":
    from botmeter.metering.policy import in_force

    return in_force(ledger.schedule, at_us=now_us()).policy
