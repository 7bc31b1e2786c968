"""Result of a bill's check as cards."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from botmeter.billing.reconcile.differences import Kind, Reason
from botmeter.billing.reconcile.sentences import KIND_LABELS, REASON_LABELS, reason_sentence
from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.domain.instant import us_from_datetime
from botmeter.domain.period import Period
from botmeter.live.bill_checks import CheckedBill
from botmeter.web.components import Cell, Column, Pager, count_cell
from botmeter.web.notices import Notice
from botmeter.web.pages.report.report_urls import EntryPoint, ReportUrls
from botmeter.web.report_address import ReportAddress
from botmeter.web.rich_text import id_word

ROWS_SHOWN: Final = 50
_DAYS_SHOWN: Final = 100
_UNREAD_SHOWN: Final = 20
_ALL: Final = "all"
_SUMMARY: Final = (Column(label=""), Column(label="Sessions", variant="r"), Column(label="Amount", variant="r"))
_REASONS: Final = (
    Column(label="Difference"),
    Column(label="Likely reason"),
    Column(label="Sessions", variant="r"),
    Column(label="Amount", variant="r"),
)
_DAYS: Final = (
    Column(label="Day"),
    Column(label="Their list", variant="r"),
    Column(label="Our sessions", variant="r"),
    Column(label="Difference", variant="r"),
    Column(label="Amount", variant="r"),
)
_ROWS: Final = (
    Column(label="Difference"),
    Column(label="Likely reason"),
    Column(label="Row", variant="r"),
    Column(label="Start on their list"),
    Column(label="Start of our session"),
    Column(label="Customer"),
    Column(label="Bot"),
    Column(label="Channel"),
    Column(label="Amount", variant="r"),
)
Lines = tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCard:
    """Table; `note` is its last line."""

    columns: tuple[Column, ...]
    lines: Lines
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferencesCard:
    """Listed differences, and how to see others."""

    title: str
    table: TableCard
    pager: Pager | None
    all_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultCards:
    """Result."""

    verdict: str
    is_same: bool
    notices: tuple[Notice, ...]
    summary: TableCard
    reasons: TableCard | None
    days: TableCard
    differences: DifferencesCard | None
    unread: TableCard | None
    csv_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Differences to list, as in the address: `only_theirs.window`, `only_ours` or `all`, and the first row."""

    kind: str = ""
    reason: str = ""
    start: int = 0

    @staticmethod
    def of(show: str, start: str) -> "Shown":
        """Read an address; raises Refused `parameter_invalid`."""
        kind, _, reason = ("", "", "") if show in ("", _ALL) else show.partition(".")
        if (
            kind not in ("", *Kind)
            or reason not in ("", *Reason)
            or (start and not (start.isascii() and start.isdigit()))
        ):
            raise Refused(
                "parameter_invalid", f"Invalid list {show[:40]!r} from {start[:20]!r}. Start from the bill’s page."
            )
        return Shown(kind=kind, reason=reason, start=min(int(start[:9] or 0), 10**9))

    @property
    def name(self) -> str:
        return ".".join(filter(None, (self.kind, self.reason))) or _ALL

    @property
    def label(self) -> str:
        labels = [KIND_LABELS[Kind(self.kind)]] if self.kind else []
        labels += [REASON_LABELS[Reason(self.reason)].lower()] if self.reason else []
        return ", ".join(labels) or "All differences"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultContext:
    """Whose result it is and where its pages are."""

    account: str
    href: str
    csv_href: str
    zone: str

    def list_href(self, shown: Shown, *, start: int = 0) -> str:
        query = {"show": shown.name, "start": str(start)} if start else {"show": shown.name}
        return f"{self.href}{'&' if '?' in self.href else '?'}{urlencode(query)}#w-differences"

    @property
    def urls(self) -> ReportUrls:
        return ReportUrls(owner=self.account, entry_point=EntryPoint.BILLING)


def result_cards(bill: CheckedBill, shown: Shown, *, context: ResultContext) -> ResultCards:
    """Build the cards."""
    head, count = bill.head, bill.count()
    period = _period(head)
    verdict = "No difference" if not count else text.counted(count, "difference")
    return ResultCards(
        verdict=f"{verdict} in {text.days_text(period)} ({period.timezone})",
        is_same=not count and not head["unread"]["rows"],
        notices=tuple(_notices(head)),
        summary=TableCard(columns=_SUMMARY, lines=tuple(_summary(head, context))),
        reasons=TableCard(columns=_REASONS, lines=tuple(_reasons(head, context))) if count else None,
        days=_days(head, context),
        differences=_differences(bill, shown, context=context) if count else None,
        unread=_unread(head),
        csv_href=context.csv_href if count else "",
    )


def _notices(head: Mapping[str, Any]) -> Iterator[Notice]:
    if head["shift"]:
        yield Notice(
            fact=head["shift"]["sentence"],
            consequence="Nothing was shifted. If theirs are local times, set their time zone and compare again.",
            kind="warn",
        )
    if head["unread"]["rows"]:
        rows = text.counted(head["unread"]["rows"], "row")
        yield Notice(
            fact=f"{rows} can’t be read.", consequence="They are listed below and were not compared.", kind="warn"
        )
    for note in head["notes"]:
        yield Notice(fact=note, kind="info")
    if head["unread"]["totals"]:
        yield Notice(fact=f"{text.counted(head['unread']['totals'], 'row')} of totals left out.", kind="info")


def _summary(head: Mapping[str, Any], context: ResultContext) -> Iterator[tuple[Cell, ...]]:
    theirs, ours, period = head["theirs"], head["ours"], _period(head)
    address = ReportAddress(timezone=period.timezone).between(period.first_on, period.last_on)
    yield Cell(value="Their list"), count_cell(theirs["sessions"], has_number=True), _amount(theirs["amount"])
    ours_href = context.urls.rows(address) if ours["sessions"] else ""
    yield Cell(value="Our sessions"), count_cell(ours["sessions"], href=ours_href, has_number=True), _amount(None)
    moved = head["same_at_another_time"]
    note = f"{text.count_text(moved)} at another time of the day" if moved else ""
    yield Cell(value="Same", note=note), count_cell(head["same"], has_number=True), _amount(None)
    for kind in (Kind.OTHER_DAY, Kind.ONLY_THEIRS, Kind.ONLY_OURS):
        count = head[kind]
        href = context.list_href(Shown(kind=kind)) if count else ""
        amounts = [each["amount"] for each in head["reasons"] if each["kind"] == kind and each["amount"]]
        yield Cell(value=KIND_LABELS[kind]), count_cell(count, href=href, has_number=True), _amount(_sum(amounts))


def _reasons(head: Mapping[str, Any], context: ResultContext) -> Iterator[tuple[Cell, ...]]:
    for each in head["reasons"]:
        kind, reason = Kind(each["kind"]), Reason(each["reason"])
        href = context.list_href(Shown(kind=kind, reason=reason))
        yield (
            Cell(value=KIND_LABELS[kind]),
            Cell(value=REASON_LABELS[reason], note=reason_sentence(kind, reason), variant="wrap"),
            count_cell(each["sessions"], href=href, has_number=True),
            _amount(each["amount"]),
        )


def _days(head: Mapping[str, Any], context: ResultContext) -> TableCard:
    days = head["days"]
    listed = days if len(days) <= _DAYS_SHOWN else [each for each in days if each["difference"]][:_DAYS_SHOWN]
    timezone = head["period"]["timezone"]
    note = (
        "" if listed is days else f"The first {_DAYS_SHOWN} days with a difference are listed, of {len(days):,} days."
    )
    return TableCard(columns=_DAYS, lines=tuple(_day(each, context, timezone=timezone) for each in listed), note=note)


def _day(each: Mapping[str, Any], context: ResultContext, *, timezone: str) -> tuple[Cell, ...]:
    on = date.fromisoformat(each["date"])
    href = context.urls.rows(ReportAddress(timezone=timezone).between(on, on)) if each["ours"] else ""
    difference = text.signed(each["difference"], decimals=0)
    return (
        Cell(value=text.day_text(on)),
        count_cell(each["theirs"]),
        count_cell(each["ours"], href=href),
        Cell(value=difference, variant="r num" if each["difference"] else "r num zero"),
        _amount(each["amount"]),
    )


def _differences(bill: CheckedBill, shown: Shown, *, context: ResultContext) -> DifferencesCard:
    total = bill.count(shown.kind, shown.reason)
    start = min(shown.start, total)
    rows = bill.rows(shown.kind, shown.reason, start=start, length=ROWS_SHOWN)
    before, after = max(0, start - ROWS_SHOWN), start + ROWS_SHOWN
    first, last, whole = map(text.count_text, (start + 1, start + len(rows), total))
    pager = Pager(
        range=f"{first} {text.DASH} {last} of {whole}",
        newer_href=context.list_href(shown, start=before) if start else "",
        older_href=context.list_href(shown, start=after) if after < total else "",
        newer_label="Previous differences",
        older_label="Next differences",
    )
    return DifferencesCard(
        title=shown.label,
        table=TableCard(columns=_ROWS, lines=tuple(_row(each, context) for each in rows)),
        pager=pager if total > ROWS_SHOWN else None,
        all_href=context.list_href(Shown()) if shown.kind else "",
    )


def _row(each: Mapping[str, Any], context: ResultContext) -> tuple[Cell, ...]:
    kind, reason = Kind(each["kind"]), Reason(each["reason"])
    session = each["our_session_id"]
    return (
        Cell(value=KIND_LABELS[kind]),
        Cell(value=REASON_LABELS[reason], title=reason_sentence(kind, reason)),
        Cell(value="" if each["their_row"] is None else text.count_text(each["their_row"]), variant="r num"),
        Cell(value=_instant(each["their_started_at"], context.zone), variant="num"),
        Cell(
            value=_instant(each["our_started_at"], context.zone),
            href=context.urls.session(session) if session else "",
            variant="num",
        ),
        _id_cell(each["customer_id"]),
        _id_cell(each["bot_id"]),
        _id_cell(each["channel"]),
        _amount(None if each["amount"] is None else format(each["amount"], "f")),
    )


def _unread(head: Mapping[str, Any]) -> TableCard | None:
    first = head["unread"]["first"]
    if not first:
        return None
    lines = tuple(
        (
            Cell(value=text.count_text(each["row"]), variant="r num"),
            Cell(value=each["code"], variant="id"),
            Cell(value=each["detail"], variant="details"),
        )
        for each in first[:_UNREAD_SHOWN]
    )
    rest = head["unread"]["rows"] + head["unread"]["totals"] - len(lines)
    return TableCard(
        columns=(Column(label="Row", variant="r"), Column(label="Code"), Column(label="Reason")),
        lines=lines,
        note=f"{text.count_text(rest)} more rows" if rest > 0 else "",
    )


def _period(head: Mapping[str, Any]) -> Period:
    days = head["period"]
    first_on, last_on = (date.fromisoformat(days[name]) for name in ("from", "to"))
    return Period(first_on=first_on, last_on=last_on, timezone=days["timezone"])


def _instant(at: Any, zone: str) -> str:
    return "" if at is None else text.instant_text(us_from_datetime(at), zone=zone)


def _id_cell(value: str | None) -> Cell:
    word = id_word(value or "")
    return Cell(value=word.text, title=word.title, variant="id")


def _amount(amount: str | None) -> Cell:
    return Cell(value=amount or "", variant="r num")


def _sum(amounts: list[str]) -> str | None:
    return format(sum(map(Decimal, amounts), Decimal(0)), "f") if amounts else None
