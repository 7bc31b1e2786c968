"""Tables of a statement, from its document."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from botmeter.billing.funding_words import FUNDING_WORDS
from botmeter.billing.printed_lines import printed_lines, quantity_text, tax_label
from botmeter.billing.rated import Funding, RatedCycle
from botmeter.billing.statement_document import Document
from botmeter.domain import text
from botmeter.domain.instant import us_from_text
from botmeter.domain.money_text import change_in_money, money_text, unit_price_text, units_text
from botmeter.domain.period import Period, day_of_us
from botmeter.web.components import BAR_PERCENT_MAX, Cell, Column, count_cell
from botmeter.web.pages.report.headline import Kpi

_SUMS: Final = {"tax", "carried"}
NOT_CHARGED: Final = ("stopped", "void", "test", "preview_free")
UNATTRIBUTED_WORDS: Final = {
    "fee": "Fee",
    "minimum": "Top-up to the minimum",
    "unused_packs": "Packs bought, not used",
    "tax": "Tax",
    "adjustment": "Adjustments of earlier cycles",
    "carried": "Carried from the statement before",
}
_CHANGE_WORDS: Final = {"added": "Added", "removed": "Removed", "moved": "Moved"}
REASON_WORDS: Final = {
    "late": "an event came late",
    "voided": "voided",
    "marked_test": "marked as test",
    "undone": "a correction was undone",
    "merged": "customers were merged",
    "policy": "the policy changed",
    "import_undone": "an import was undone",
}
# The rest is in the exports.
_SESSIONS_SHOWN: Final = 50
ADJUSTMENT_COLUMNS: Final = (
    Column(label="Line"),
    Column(label="Stated", variant="r"),
    Column(label="Now", variant="r"),
    Column(label="Difference", variant="r"),
)
LINE_COLUMNS: Final = (
    Column(label="Description"),
    Column(label="Quantity", variant="r"),
    Column(label="Unit price", variant="r"),
    Column(label="Amount", variant="r"),
)


USAGE_COLUMNS: Final = (Column(label="Funding"), Column(label="Sessions", variant="r"))
GRANT_COLUMNS: Final = (
    Column(label="Grant"),
    Column(label="Units", variant="r"),
    Column(label="Used", variant="r"),
    Column(label="Lapsed", variant="r"),
    Column(label="Last day"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """Share of a total; `width` is its bar's length in percent."""

    name: str
    amount: str
    width: str
    href: str = ""
    sessions: str = ""
    sessions_href: str = ""
    is_unattributed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedSession:
    """Session that an adjustment added or removed."""

    change: str
    reason: str
    started_at: str
    href: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """Difference of an earlier cycle."""

    of: str
    href: str
    cycle: str
    difference: str
    lines: tuple[tuple[Cell, ...], ...]
    reasons: tuple[str, ...]
    sessions: tuple[AdjustedSession, ...]
    moved: str


def line_cells(document: Document) -> tuple[tuple[Cell, ...], ...]:
    """List the lines, without taxes and credits, which stand among the sums."""
    currency = document["currency"]
    return tuple(
        (
            Cell(value=line.label, variant="wide"),
            Cell(value=quantity_text(Decimal(line.quantity), line.unit), variant="r num"),
            Cell(
                value="" if line.unit_price is None else unit_price_text(Decimal(line.unit_price), currency),
                variant="r num",
            ),
            Cell(value=money_text(line.amount, currency), variant="r num"),
        )
        for line in printed_lines(document)
        if line.kind not in _SUMS
    )


def rated_line_cells(rated: RatedCycle) -> tuple[tuple[Cell, ...], ...]:
    """List the lines of a cycle without a statement."""
    currency = rated.plan.currency
    return tuple(
        (
            Cell(value=line.label, variant="wide"),
            Cell(value=quantity_text(line.quantity, line.unit), variant="r num"),
            Cell(value="" if line.unit_price is None else unit_price_text(line.unit_price, currency), variant="r num"),
            Cell(value=money_text(line.amount, currency), variant="r num"),
        )
        for line in rated.lines
    )


def rated_usage_cells(
    rated: RatedCycle, *, href_of: Callable[[str], str] | None = None
) -> tuple[tuple[Cell, ...], ...]:
    """List the sessions by funding; `href_of` gives the address of those of a kind."""
    counts = [meter.counts() for meter in rated.meters]
    by_kind = {kind: sum(count[kind] for count in counts) for kind in Funding}
    has_grants = any(meter.grants for meter in rated.meters)
    lines = [(kind.name.lower(), count) for kind, count in by_kind.items() if count]
    return tuple(
        _funding_cells(_funding_label(name, has_grants=has_grants), count, href=href_of(name) if href_of else "")
        for name, count in lines
    )


def rated_totals(rated: RatedCycle) -> tuple[tuple[str, str], ...]:
    """Subtotal, tax and total of a cycle without a statement."""
    currency, rate = rated.plan.currency, rated.plan.tax_rate
    sums = [("Subtotal", rated.subtotal)]
    if rate is not None:
        sums.append((tax_label(f"{rate:f}"), rated.tax))
    sums.append(("Total", rated.total))
    return tuple((label, money_text(amount, currency)) for label, amount in sums)


def totals(document: Document) -> tuple[tuple[str, str], ...]:
    """Subtotal, taxes, credits and total, as label and amount."""
    currency = document["currency"]
    sums = [("Subtotal", Decimal(document["subtotal"]))]
    sums += [(line.label, line.amount) for line in printed_lines(document) if line.kind in _SUMS]
    sums.append(("Total", Decimal(document["total"])))
    return tuple((label, money_text(amount, currency)) for label, amount in sums)


def statement_parts(document: Document) -> tuple[Kpi, ...]:
    """Own cost, adjustments and credit of a statement, the total first; none where its own cost is all."""
    currency, total = document["currency"], Decimal(document["total"])
    adjusted = sum((Decimal(each["difference"]) for each in document["adjustments"]), Decimal(0))
    carried = sum((Decimal(line["amount"]) for line in document["lines"] if line["kind"] == "carried"), Decimal(0))
    if not adjusted and not carried:
        return ()
    figures = [
        Kpi(
            label="Total" if document["number"] else "On the next statement",
            value=money_text(total, currency),
        ),
        Kpi(label="Cost of this cycle", value=money_text(total - adjusted - carried, currency)),
    ]
    if adjusted:
        label = "Adjustments of earlier cycles"
        figures.append(Kpi(label=label, value=change_in_money(adjusted, currency), href="#w-adjustments"))
    if carried:
        label = "Credit for the next statement" if carried > 0 else "Credit of the statement before"
        figures.append(Kpi(label=label, value=money_text(abs(carried), currency)))
    return tuple(figures)


def usage_cells(document: Document, *, sessions_href: str) -> tuple[tuple[Cell, ...], ...]:
    """List the sessions by funding; each number opens them."""
    usage = document["usage"]
    lines = [
        _funding_cells(
            _funding_label(kind, has_grants=bool(document["grants"])),
            usage["by_funding"].get(kind, 0),
            href=f"{sessions_href}?{urlencode({'funding': kind})}",
        )
        for kind in FUNDING_WORDS
        if usage["by_funding"].get(kind, 0)
    ]
    return (*lines, _funding_cells("All sessions", usage["sessions"], href=sessions_href))


def grant_cells(document: Document, *, zone: str) -> tuple[tuple[Cell, ...], ...]:
    """List allowance and packs with what was used and what lapsed."""
    return tuple(
        (
            Cell(value=_grant_name(grant)),
            *(Cell(value=units_text(Decimal(grant[name])), variant="r num") for name in ("units", "used", "lapsed")),
            Cell(value=_last_day(grant["expires"], zone=zone), variant="num"),
        )
        for grant in document["grants"]
    )


def _funding_label(kind: str, *, has_grants: bool) -> str:
    return FUNDING_WORDS[kind] if has_grants or kind != "beyond" else "Charged by session"


def _grant_name(grant: Document) -> str:
    if grant["kind"] == "allowance":
        return "Allowance"
    first, packs = grant["number"], grant.get("packs") or 1
    return f"Pack {first}" if packs == 1 else f"Packs {first}{text.DASH}{first + packs - 1}"


def adjustments(document: Document, *, href: str, session_href: str) -> tuple[Adjustment, ...]:
    """List the adjustments; `href` has `NUMBER` for a statement's number."""
    currency = document["currency"]
    return tuple(
        Adjustment(
            of=each["of"],
            href=href.replace("NUMBER", each["of"]),
            cycle=document_cycle_name(each["cycle"]),
            difference=change_in_money(Decimal(each["difference"]), currency),
            lines=tuple(_changed_line(line, currency) for line in each["lines"]),
            reasons=tuple(_reason_sentence(change) for change in each["changes"]),
            sessions=_adjusted_sessions(each, href=session_href),
            moved=f"Funding moved: {text.counted(each['moved_count'], 'session')}." if each["moved_count"] else "",
        )
        for each in document["adjustments"]
    )


def share_lines(document: Document, kind: str, *, sessions_href: str = "", parameter: str = "") -> tuple[CostLine, ...]:
    """List shares of the total by bot, channel or cost centre, then nobody's."""
    currency, shares = document["currency"], document["shares"]
    others = [each for each in shares["unattributed"] if Decimal(each["amount"])]
    longest = max((abs(Decimal(each["amount"])) for each in (*shares[kind], *others)), default=Decimal(0))
    own = [
        CostLine(
            name=_name(each, kind),
            sessions=text.count_text(each["sessions"]),
            sessions_href=f"{sessions_href}?{urlencode({parameter: _key(each, kind)})}" if sessions_href else "",
            amount=money_text(Decimal(each["amount"]), currency),
            width=amount_width(Decimal(each["amount"]), longest=longest),
        )
        for each in sorted(
            shares[kind], key=lambda each: (-Decimal(each["amount"]), -each["sessions"], _name(each, kind))
        )
    ]
    return (
        *own,
        *(
            CostLine(
                name=UNATTRIBUTED_WORDS.get(each["kind"], each["kind"]),
                amount=money_text(Decimal(each["amount"]), currency),
                width=amount_width(Decimal(each["amount"]), longest=longest),
                is_unattributed=True,
            )
            for each in others
        ),
    )


def amount_width(amount: Decimal, *, longest: Decimal) -> str:
    """Length of an amount's bar in percent."""
    return f"{BAR_PERCENT_MAX * float(max(amount, Decimal(0)) / longest):.2f}" if longest else "0"


def day_of(instant: str | None, *, zone: str) -> str:
    """Day of an instant of the document; empty without one."""
    return text.day_text(day_of_us(us_from_text(instant), timezone=zone)) if instant else ""


def document_cycle_name(cycle: Document) -> str:
    """Name a document's cycle: `October 2026`, or its days."""
    return cycle_name(date.fromisoformat(cycle["first_day"]), date.fromisoformat(cycle["last_day"]))


def _last_day(expires: str | None, *, zone: str) -> str:
    if expires is None:
        return "Never lapses"
    return text.day_text(day_of_us(us_from_text(expires) - 1, timezone=zone))


def cycle_name(first_on: date, last_on: date) -> str:
    """Name a cycle: `October 2026`, or its days."""
    return text.span_text(first_on, last_on) or text.days_text(Period(first_on=first_on, last_on=last_on))


def _changed_line(line: Document, currency: str) -> tuple[Cell, ...]:
    amounts = [money_text(Decimal(line[name]), currency) for name in ("before", "after")]
    return (
        Cell(value=line["label"], variant="wide"),
        *(Cell(value=amount, variant="r num") for amount in amounts),
        Cell(value=change_in_money(Decimal(line["difference"]), currency), variant="r num"),
    )


def _reason_sentence(change: Document) -> str:
    reason = REASON_WORDS.get(change["reason"], change["reason"])
    return f"{text.counted(change['count'], 'session')} {change['change']}: {reason}."


def _adjusted_sessions(each: Document, *, href: str) -> tuple[AdjustedSession, ...]:
    return tuple(
        AdjustedSession(
            change=_CHANGE_WORDS.get(session["change"], session["change"]),
            reason=REASON_WORDS.get(session["reason"], session["reason"]),
            started_at=f"{text.instant_text(us_from_text(session['started_at']))} UTC",
            href=f"{href}?{urlencode({'key': session['opening_key'], 'at': session['started_at']})}",
            place=", ".join(name for name in (session.get("bot_id"), session.get("channel")) if name),
        )
        for session in each["sessions"][:_SESSIONS_SHOWN]
    )


def _funding_cells(label: str, count: int, *, href: str) -> tuple[Cell, ...]:
    return Cell(value=label), count_cell(count, href=href if count else "")


def _key(share: Document, kind: str) -> str:
    return str(share.get({"bots": "bot_id", "channels": "channel"}.get(kind, "cost_centre")) or "")


def _name(share: Document, kind: str) -> str:
    if kind == "bots":
        return share.get("bot_name") or share.get("bot_id") or "No bot"
    return _key(share, kind) or "No cost centre"
