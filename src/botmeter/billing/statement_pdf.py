"""Statements as PDF, for people to read and to archive."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import pyarrow as pa

from botmeter.billing.printed_lines import PrintedLine, printed_lines, quantity_text
from botmeter.billing.statement_document import Document
from botmeter.domain.instant import us_from_text
from botmeter.domain.money_text import change_in_money, money_text, percent_of_rate, unit_price_text, units_text
from botmeter.domain.period import Period
from botmeter.domain.text import count_text, counted, days_text, instant_text
from botmeter.pdf.document import Cell, Named, PdfDocument, PdfSection, PdfTable
from botmeter.pdf.printing import FontSource, printed

SESSIONS_MAX: Final = 1_000
"""Sessions in a PDF: 10,000 take 4.5 s and 830 MB."""

_FUNDING: Final = {
    "allowance": "Allowance",
    "pack": "Pack",
    "beyond": "Additional sessions",
    "stopped": "Stopped",
    "void": "Void",
    "test": "Test",
    "preview_free": "Free preview",
    "opening": "Opening balance",
    "none": "No session",
}
_UNATTRIBUTED: Final = {
    "fee": "Fee",
    "minimum": "Top-up to the minimum",
    "unused_packs": "Unused packs",
    "tax": "Tax",
    "adjustment": "Adjustments of earlier cycles",
    "carried": "Credits carried",
}
_REASONS: Final = {
    "late": "Late",
    "voided": "Voided",
    "marked_test": "Marked as test",
    "undone": "Correction undone",
    "merged": "Customers merged",
    "policy": "Policy changed",
    "import_undone": "Import undone",
}
_NOTHING: Final = "–"


def statement_pdf(document: bytes, sessions: pa.Table, *, fonts: FontSource) -> bytes:
    """Print a statement; the same bytes with the same fonts and version of the library.

    Args:
        sessions: The statement's list in rating order; only its first 1,000 sessions are read.

    Raises:
        Refused: `pdf_not_installed`, `fonts_missing`.
    """
    return printed(statement_view(document, sessions), fonts=fonts)


def statement_view(document: bytes, sessions: pa.Table) -> PdfDocument:
    """Write a statement's document as text."""
    statement: Document = json.loads(document)
    cycle, number = statement["cycle"], statement["number"]
    names = _bot_names(statement)
    return PdfDocument(
        title=f"Statement {number}" if number else "Preliminary statement",
        account=Named(name=statement["title"] or statement["account"], id=statement["account"]),
        figure=("Total", money_text(Decimal(statement["total"]), statement["currency"])),
        facts=tuple(_facts(statement, sha256(document).hexdigest())),
        sections=(
            _charges(statement),
            *_grants(statement),
            *_funding(statement),
            *_shares(statement),
            *_adjustments(statement, names),
            _sessions(statement, sessions, names=names),
        ),
        footer=f"{number or 'Preliminary statement'} · Botmeter {statement['software']}",
        at_us=us_from_text(statement["closed_at"] or cycle["end"]),
    )


def _bot_names(statement: Mapping[str, Any]) -> dict[str, str]:
    bots = statement["shares"].get("bots", ())
    return {bot["bot_id"]: bot.get("bot_name") or bot["bot_id"] for bot in bots if bot["bot_id"] is not None}


def _bot(bot_id: str | None, names: Mapping[str, str]) -> Cell:
    return "No bot" if bot_id is None else Named(name=names.get(bot_id, bot_id), id=bot_id)


def _days(cycle: Mapping[str, str]) -> str:
    first_on, last_on = date.fromisoformat(cycle["first_day"]), date.fromisoformat(cycle["last_day"])
    return days_text(Period(first_on=first_on, last_on=last_on, timezone=cycle["timezone"]))


def _instant(written: str | None) -> str:
    return _NOTHING if written is None else instant_text(us_from_text(written))


def _facts(statement: Mapping[str, Any], document_hash: str) -> Iterator[tuple[str, Cell]]:
    cycle = statement["cycle"]
    yield "Billing period", f"{_days(cycle)} ({cycle['timezone']})"
    if statement["closed_at"]:
        by = statement["closed_by"]
        yield "Closed", f"{_instant(statement['closed_at'])} UTC{f' by {by}' if by else ''}"
    else:
        yield "State", "Preliminary: its numbers may still change"
    if statement["plans"]:
        yield "Plan", ", ".join(filter(None, [statement.get("plan_title"), ", ".join(statement["plans"])]))
    if statement["policies"]:
        yield "Session policy", ", ".join(statement["policies"])
    yield "Currency", statement["currency"]
    yield "SHA-256 of the statement", document_hash
    yield "SHA-256 of the session list", statement["sessions"]["sha256"]
    yield "SHA-256 of the statement before", statement["previous"] or _NOTHING


def _charges(statement: Document) -> PdfSection:
    currency, lines = statement["currency"], printed_lines(statement)
    rows = [_charge(line, currency) for line in lines if line.kind not in _AFTER_SUBTOTAL]
    totals = [("Subtotal", Decimal(statement["subtotal"]))]
    totals += [(line.label, line.amount) for line in lines if line.kind in _AFTER_SUBTOTAL]
    totals.append(("Total", Decimal(statement["total"])))
    table = PdfTable(
        columns=("Description", "Quantity", "Unit price", "Amount"),
        rows=tuple(rows),
        totals=tuple((label, "", "", money_text(amount, currency)) for label, amount in totals),
    )
    return PdfSection(heading="Charges", table=table)


_AFTER_SUBTOTAL: Final = ("tax", "carried")


def _charge(line: PrintedLine, currency: str) -> tuple[Cell, ...]:
    price = "" if line.unit_price is None else unit_price_text(Decimal(line.unit_price), currency)
    return line.label, quantity_text(Decimal(line.quantity), line.unit), price, money_text(line.amount, currency)


def _grants(statement: Mapping[str, Any]) -> Iterator[PdfSection]:
    rows = tuple(
        (
            "Allowance" if grant["kind"] == "allowance" else f"Pack {grant['number']}",
            _instant(grant["from"]),
            _instant(grant["expires"]) if grant["expires"] else "Never",
            *(units_text(Decimal(grant.get(name, "0"))) for name in ("units", "used", "lapsed", "left")),
        )
        for grant in statement["grants"]
    )
    columns = ("Grant", "From (UTC)", "Expires (UTC)", "Units", "Used", "Lapsed", "Left")
    if rows:
        yield PdfSection(heading="Allowance and packs", table=PdfTable(columns=columns, rows=rows, text_columns=3))


def _funding(statement: Mapping[str, Any]) -> Iterator[PdfSection]:
    counts = statement["usage"]["by_funding"]
    names = {**_FUNDING, "pack": "Packs"}
    rows = tuple((name, count_text(counts[kind])) for kind, name in names.items() if counts.get(kind))
    if rows:
        total = ("Total", count_text(statement["usage"]["sessions"]))
        table = PdfTable(columns=("Charged to", "Sessions"), rows=rows, totals=(total,))
        yield PdfSection(heading="Sessions by charge", table=table)


def _funding_text(funding: str) -> str:
    kind, _, number = funding.partition(" ")
    name = _FUNDING.get(kind, kind)
    return f"{name}, tier {number}" if kind == "beyond" and number else f"{name} {number}".strip()


def _shares(statement: Mapping[str, Any]) -> Iterator[PdfSection]:
    currency, shares = statement["currency"], statement["shares"]
    unattributed = [part for part in shares.get("unattributed", ()) if Decimal(part["amount"])]
    own = [(_UNATTRIBUTED.get(part["kind"], part["kind"]), part["amount"]) for part in unattributed]
    for name, heading, field in _SHARES:
        parts = shares.get(name, ())
        rows = [(_share_name(part, field), count_text(part["sessions"]), part["amount"]) for part in parts]
        rows += [(label, "", amount) for label, amount in own]
        if parts:
            total = sum((Decimal(amount) for *_, amount in rows), Decimal(0))
            printed = tuple((label, count, money_text(Decimal(amount), currency)) for label, count, amount in rows)
            table = PdfTable(
                columns=(heading, "Sessions opened", "Amount"),
                rows=printed,
                totals=(("Total", "", money_text(total, currency)),),
            )
            yield PdfSection(heading=f"Cost by {heading.lower()}", table=table)


_SHARES: Final = (
    ("bots", "Bot", "bot_id"),
    ("channels", "Channel", "channel"),
    ("cost_centres", "Cost centre", "cost_centre"),
)


def _share_name(part: Mapping[str, Any], field: str) -> Cell:
    if field == "bot_id":
        return _bot(part["bot_id"], {part["bot_id"]: part.get("bot_name") or part["bot_id"]})
    return part[field] or ("No cost centre" if field == "cost_centre" else _NOTHING)


def _adjustments(statement: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[PdfSection]:
    for each in statement["adjustments"]:
        currency = statement["currency"]
        lines = [(line["label"], line["before"], line["after"], line["difference"]) for line in each["lines"]]
        if tax := each.get("tax"):
            rate = percent_of_rate(Decimal(tax["rate"]))
            lines.append((f"Tax, {rate}", tax["before"], tax["after"], tax["difference"]))
        rows = tuple(
            (label, *(money_text(Decimal(text), currency) for text in (before, after)), _change(difference, currency))
            for label, before, after, difference in lines
        )
        total = ("Total", "", "", _change(each["difference"], currency))
        note = f"Funding moved: {counted(each['moved_count'], 'session')}." if each["moved_count"] else ""
        table = PdfTable(columns=("Line", "Before", "Now", "Difference"), rows=rows, totals=(total,))
        yield PdfSection(heading=f"Adjustment of {each['of']}, {_days(each['cycle'])}", table=table, note=note)
        if each["sessions"]:
            yield _adjusted_sessions(each, names)


def _change(difference: str, currency: str) -> str:
    return change_in_money(Decimal(difference), currency)


def _adjusted_sessions(adjustment: Mapping[str, Any], names: Mapping[str, str]) -> PdfSection:
    sessions = adjustment["sessions"][:SESSIONS_MAX]
    rows = tuple(
        (
            _instant(session["started_at"]),
            _bot(session["bot_id"], names),
            session["channel"],
            session["change"].capitalize(),
            _REASONS.get(session["reason"], session["reason"]),
        )
        for session in sessions
    )
    columns = ("Start (UTC)", "Opening bot", "Opening channel", "Change", "Reason")
    listed = sum(change["count"] for change in adjustment.get("changes", ()))
    return PdfSection(
        heading=f"Sessions added to or removed from {adjustment['of']}",
        table=PdfTable(columns=columns, rows=rows, text_columns=len(columns), wide=(1, 2)),
        note=_first_of(len(rows), max(listed, len(rows))),
        level=2,
    )


def _sessions(statement: Mapping[str, Any], sessions: pa.Table, *, names: Mapping[str, str]) -> PdfSection:
    first = sessions.select(["started_at", "bot_id", "channel", "funding"]).slice(0, SESSIONS_MAX).to_pylist()
    rows: Sequence[tuple[Cell, ...]] = [
        (
            instant_text(session["started_at"]),
            _bot(session["bot_id"], names),
            session["channel"],
            _funding_text(session["funding"]),
        )
        for session in first
    ]
    columns = ("Start (UTC)", "Opening bot", "Opening channel", "Charged to")
    return PdfSection(
        heading="Sessions",
        table=PdfTable(columns=columns, rows=tuple(rows), text_columns=len(columns), wide=(1, 2)),
        note=_first_of(len(rows), statement["sessions"]["count"]),
    )


def _first_of(listed_count: int, count: int) -> str:
    if listed_count == count:
        return f"{counted(count, 'session')}." if count else "No session started in this cycle."
    return (
        f"The first {counted(listed_count, 'session')} of {count_text(count)}. "
        "All of them are in the statement's CSV and Parquet."
    )
