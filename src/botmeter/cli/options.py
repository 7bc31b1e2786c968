"""Options and arguments that several commands take."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from botmeter.cli.completion import accounts_starting, policies_starting, zones_starting
from botmeter.domain.period import UTC_NAME, day_from_text

if TYPE_CHECKING:
    from botmeter.domain.account import Account
    from botmeter.reports.filters import Filters
    from botmeter.reports.query import RequestedDays, UsageQuery

Data = Annotated[
    Path | None,
    Option(
        "--data",
        envvar="BOTMETER_DATA",
        metavar="DIR",
        help="The data folder. Default: ~/.local/share/botmeter.",
        show_default=False,
        show_envvar=True,
    ),
]
AccountName = Annotated[
    str, Option("--account", "-a", metavar="NAME", help="The account.", autocompletion=accounts_starting)
]
Form = Annotated[Literal["table", "json", "csv"], Option("--format", help="How stdout is written.")]
"""What events come from if nothing is said: the same in every command, so that an event sent again is known."""
Source = Annotated[
    str,
    Option(
        "--source", metavar="NAME", help="Where the events come from: the same event id of two sources is two events."
    ),
]
MappingFile = Annotated[
    Path | None,
    Option("--mapping", metavar="FILE", help="Which columns hold which fields, as TOML or JSON.", show_default=False),
]
InputFormat = Annotated[
    Literal["csv", "ndjson", "json", "parquet", "cloudevents"] | None,
    Option("--input", help="The format of the files. Default: found out.", show_default=False),
]
EventFiles = Annotated[
    list[str],
    Argument(
        metavar="FILE…",
        help="CSV, NDJSON, JSON, Parquet or CloudEvents, gzipped or not; - is stdin.",
        show_default=False,
    ),
]
PolicyName = Annotated[
    str,
    Option(
        "--policy",
        metavar="NAME|FILE",
        help="A published rule, or a TOML or JSON file.",
        autocompletion=policies_starting,
    ),
]
FirstDay = Annotated[
    str | None,
    Option("--from", metavar="DATE", help="The first day. Default: 29 days before the last.", show_default=False),
]
LastDay = Annotated[
    str | None, Option("--to", metavar="DATE", help="The last day. Default: today.", show_default=False)
]
Zone = Annotated[
    str,
    Option(
        "--timezone",
        metavar="ZONE",
        help="Whose days they are: a zone such as Asia/Kolkata. Charges stay in UTC.",
        autocompletion=zones_starting,
    ),
]
Yes = Annotated[bool, Option("--yes", "-y", help="Don't ask; needed where nobody can be asked.")]


def days_asked(first: str | None, last: str | None, *, timezone: str = UTC_NAME) -> "RequestedDays":
    """Read `--from`, `--to` and `--timezone`.

    Raises:
        Refused: `date_invalid`.
    """
    from botmeter.reports.query import RequestedDays

    return RequestedDays(
        first_on=day_from_text(first) if first is not None else None,
        last_on=day_from_text(last) if last is not None else None,
        timezone=timezone,
    )


def question(account: "Account", *, days: "RequestedDays", filters: "Filters") -> "UsageQuery":
    """Build the question of an account, asked now."""
    from botmeter.domain.instant import now_us
    from botmeter.reports.query import usage_query

    return usage_query(account, now_us=now_us(), days=days, filters=filters)
