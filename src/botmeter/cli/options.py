"""Options and arguments that several commands take."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from botmeter.cli.completion import accounts_starting, mappings_starting, policies_starting, zones_starting
from botmeter.cli.context import command_context
from botmeter.cli.data_dir import data_folder
from botmeter.domain.account import Account
from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us
from botmeter.domain.period import UTC_NAME, day_from_text
from botmeter.reports.compared_period import Compare, Comparison, comparison_invalid
from botmeter.reports.presets import Preset
from botmeter.server.owner_client import served_at

if TYPE_CHECKING:
    from botmeter.reports.filters import Filters
    from botmeter.reports.query import RequestedDays, UsageQuery

Data = Annotated[
    Path | None,
    Option(
        "--data",
        metavar="DIR",
        help="Data folder. Default: BOTMETER_DATA, else ~/.local/share/botmeter.",
    ),
]
AccountName = Annotated[
    str, Option("--account", "-a", metavar="NAME", help="Account.", autocompletion=accounts_starting)
]
Form = Annotated[Literal["table", "json", "csv"], Option("--format", help="Format of stdout.")]
Source = Annotated[
    str,
    Option("--source", metavar="NAME", help="Source of the events. The same event id from two sources is two events."),
]
MappingFile = Annotated[
    Path | None,
    Option(
        "--mapping",
        metavar="NAME|FILE",
        help="Mapping of columns to fields: a ready-made one, or a TOML or JSON file.",
        autocompletion=mappings_starting,
    ),
]
InputFormat = Annotated[
    Literal["csv", "xlsx", "ndjson", "json", "parquet", "cloudevents"] | None,
    Option("--input", help="Format of the files. Default: detected."),
]
Encoding = Annotated[
    str | None,
    Option(
        "--encoding", metavar="NAME", help="Encoding of text files. Default: UTF-8, or UTF-16 with a byte order mark."
    ),
]
Sheet = Annotated[str | None, Option("--sheet", metavar="NAME", help="Sheet of a workbook. Default: the first one.")]
HeaderRow = Annotated[
    int | None, Option("--header-row", metavar="NUMBER", help="Row of the column names. Default: the first one.")
]
EventFiles = Annotated[
    list[str],
    Argument(metavar="FILE…", help="CSV, XLSX, NDJSON, JSON, Parquet or CloudEvents, gzipped or not; - is stdin."),
]
PolicyName = Annotated[
    str,
    Option(
        "--policy",
        metavar="NAME|FILE",
        help="A published policy, or a TOML or JSON file.",
        autocompletion=policies_starting,
    ),
]
FirstDay = Annotated[str | None, Option("--from", metavar="DATE", help="First day. Default: 29 days before the last.")]
LastDay = Annotated[str | None, Option("--to", metavar="DATE", help="Last day. Default: today.")]
NamedPeriod = Annotated[
    Preset | None,
    Option(
        "--period",
        metavar="NAME",
        help=f"Named period, instead of --from and --to: {', '.join(Preset)}.",
        show_choices=False,
    ),
]
Zone = Annotated[
    str,
    Option(
        "--timezone",
        metavar="ZONE",
        help="Time zone of the days, such as Asia/Kolkata. Charges stay in UTC.",
        autocompletion=zones_starting,
    ),
]
ComparedWith = Annotated[
    Compare | None,
    Option(
        "--compare",
        help="Compare with the month, quarter or year before (calendar), as many days before (previous), or whole "
        "weeks earlier (weekdays), the same dates (year-dates) or weekdays (year) of the year before, other days "
        "(custom), or what suits the period.",
    ),
]
ComparedFirst = Annotated[
    str | None, Option("--compare-from", metavar="DATE", help="First day of a custom comparison.")
]
ComparedLast = Annotated[str | None, Option("--compare-to", metavar="DATE", help="Last day of a custom comparison.")]
Url = Annotated[
    str | None,
    Option("--url", metavar="URL", help="Address of the server. Default: BOTMETER_URL, else the running server."),
]
Yes = Annotated[bool, Option("--yes", "-y", help="Skip the confirmation. Required without a terminal.")]


def requested_days(
    first: str | None, last: str | None, *, timezone: str = UTC_NAME, period: Preset | None = None
) -> "RequestedDays":
    """Read `--from`, `--to`, `--timezone` and `--period`.

    Raises:
        Refused: `date_invalid`, `arguments_clash`.
    """
    from botmeter.reports.query import RequestedDays

    return RequestedDays(
        first_on=day_from_text(first) if first is not None else None,
        last_on=day_from_text(last) if last is not None else None,
        timezone=timezone,
        preset=period,
    )


def query_of(account: Account, *, days: "RequestedDays", filters: "Filters") -> "UsageQuery":
    """Build an account's query at the present time."""
    from botmeter.reports.query import usage_query

    return usage_query(account, now_us=now_us(), days=days, filters=filters)


def comparison_of(days: "RequestedDays", compare: Compare | None, *, first: str | None, last: str | None) -> Comparison:
    """Read `--compare`, `--compare-from` and `--compare-to`; days alone are a custom comparison.

    Raises:
        Refused: `date_invalid`, and as `Comparison`.
    """
    if (first is None) != (last is None):
        raise comparison_invalid()
    own = None if first is None or last is None else (day_from_text(first), day_from_text(last))
    choice = compare or (Compare.NONE if own is None else Compare.CUSTOM)
    return Comparison(choice=choice, unit_months=days.unit_months, days=own)


def server_address(url: str | None, *, data: Path | None) -> str:
    """URL without a trailing slash: `url`, BOTMETER_URL, that of the data folder's server, or the default.

    Raises:
        Refused: `url_invalid`.
    """
    context = command_context()
    running_at = context.served_at if context.folder is not None else served_at(data_folder(data))
    address = str(url or context.settings.url or running_at or "http://127.0.0.1:8000").rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise Refused(
            "url_invalid", f"{address[:80]!r} is not a server address. It must start with http:// or https://."
        )
    return address
