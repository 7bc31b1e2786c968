"""Document of a statement: canonical JSON, of which page, CSV and PDF are views.

`docs/concepts/statements.md` names each field.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from botmeter import __version__
from botmeter.billing.adjustment import Adjustment, LineChange, StatedLine
from botmeter.billing.canonical import amount_text, decimal_text, units_text
from botmeter.billing.cycle import Cycle
from botmeter.billing.rated import GrantUse, Line, RatedCycle
from botmeter.billing.statement_list import LIST_SCHEMA, funding_counts, list_sha256
from botmeter.domain.account import Account
from botmeter.domain.instant import text_from_us

FORMAT: Final = "botmeter.statement/1"
SESSIONS_INLINE_MAX: Final = 1_000
"""Sessions of an adjustment in the document, as many as in the PDF; its list has all."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Fields that closing adds.

    Attributes:
        previous: Hash of the statement before; None: the first one.
    """

    number: str
    closed_at: int
    closed_by: str | None
    previous: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Content of a statement.

    Attributes:
        rated: None: the statement only adjusts cycles of another currency.
        credit: Carried here, and the number of the statement from which.
    """

    account: Account
    cycle: Cycle
    currency: str
    rated: RatedCycle | None = None
    plans: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    sessions: Any = field(default_factory=LIST_SCHEMA.empty_table)
    shares: Mapping[str, Any] = field(default_factory=dict)
    adjustments: tuple[Adjustment, ...] = ()
    credit: Decimal = Decimal(0)
    credit_from: str = ""
    as_of: Mapping[str, int] = field(default_factory=dict)

    @property
    def subtotal(self) -> Decimal:
        own = self.rated.subtotal if self.rated else Decimal(0)
        return own + sum((each.subtotal for each in self.adjustments), Decimal(0))

    @property
    def balance(self) -> Decimal:
        """Amount with taxes and the credit carried here; negative: a credit is left."""
        own_tax = self.rated.tax if self.rated else Decimal(0)
        taxes = own_tax + sum((each.tax_difference for each in self.adjustments), Decimal(0))
        return self.subtotal + taxes - self.credit

    @property
    def total(self) -> Decimal:
        return max(self.balance, Decimal(0))

    @property
    def carried_forward(self) -> Decimal:
        return max(-self.balance, Decimal(0))


def document_of(draft: Draft, closing: Closing | None = None) -> Document:
    """Write a statement; without `closing` a preliminary one."""
    rated, money = draft.rated, draft.currency
    return {
        "format": FORMAT,
        "number": closing.number if closing else None,
        "account": draft.account.name,
        "title": draft.account.title,
        "cycle": cycle_fields(draft.cycle),
        "closed_at": text_from_us(closing.closed_at) if closing else None,
        "closed_by": closing.closed_by if closing else None,
        "software": __version__,
        "plans": list(draft.plans),
        "policies": list(draft.policies),
        "plan_title": rated.plan.title if rated else "",
        "currency": money,
        "lines": _lines(draft),
        "subtotal": amount_text(draft.subtotal, money),
        "tax": _tax(rated),
        "total": amount_text(draft.total, money),
        "carried_forward": amount_text(draft.carried_forward, money),
        "grants": [grant_fields(use, meter) for meter, each in enumerate(rated.meters) for use in each.grants]
        if rated
        else [],
        "usage": {"sessions": draft.sessions.num_rows, "by_funding": funding_counts(draft.sessions)},
        "shares": _shares(draft),
        "adjustments": [_adjustment(each) for each in draft.adjustments],
        "sessions": {"count": draft.sessions.num_rows, "sha256": list_sha256(draft.sessions)},
        "as_of": dict(draft.as_of),
        "previous": closing.previous if closing else None,
    }


def cycle_fields(cycle: Cycle) -> dict[str, str]:
    """Bounds in UTC, and days in the plan's zone."""
    return {
        "start": text_from_us(cycle.start_us),
        "end": text_from_us(cycle.end_us),
        "first_day": cycle.first_on.isoformat(),
        "last_day": cycle.last_on.isoformat(),
        "timezone": cycle.timezone,
    }


def _shares(draft: Draft) -> Document:
    adjusted = sum((each.total for each in draft.adjustments), Decimal(0))
    others = {"adjustment": adjusted, "carried": draft.carried_forward - draft.credit}
    added = [{"kind": kind, "amount": amount_text(amount, draft.currency)} for kind, amount in others.items() if amount]
    own = {"bots": [], "channels": [], "cost_centres": [], "unattributed": [], **draft.shares}
    return {**own, "unattributed": [*own["unattributed"], *added]}


def _lines(draft: Draft) -> list[Document]:
    money = draft.currency
    lines = [line_fields(line, money) for line in draft.rated.lines] if draft.rated else []
    lines += [line for each in draft.adjustments for line in _adjustment_lines(each)]
    if draft.credit:
        label = f"Credit carried forward from {draft.credit_from}"
        lines.append(_carried(label, amount=-draft.credit, money=money))
    if draft.carried_forward:
        lines.append(
            _carried("Credit carried forward to the next statement", amount=draft.carried_forward, money=money)
        )
    return lines


def line_fields(line: Line, money: str) -> Document:
    """Fields of a line of a cycle."""
    return {
        "kind": line.kind,
        "meter": line.meter,
        "tier": line.tier,
        "label": line.label,
        "quantity": units_text(line.quantity),
        "unit": line.unit,
        "unit_price": None if line.unit_price is None else decimal_text(line.unit_price),
        "amount": amount_text(line.amount, money),
    }


def _adjustment_lines(adjustment: Adjustment) -> list[Document]:
    cycle, money = adjustment.rated.cycle, adjustment.rated.plan.currency
    of = {"of": adjustment.number, "cycle_start": text_from_us(cycle.start_us)}
    changes: Sequence[tuple[str, Decimal]] = [(each.line.label, each.difference) for each in adjustment.lines]
    if not changes:
        changes = [("sessions recounted, same amount", Decimal(0))]
    return [
        _extra("adjustment", f"{adjustment.number}: {label}", amount=amount, money=money) | of
        for label, amount in changes
    ]


def _carried(label: str, *, amount: Decimal, money: str) -> Document:
    return _extra("carried", label, amount=amount, money=money)


def _extra(kind: str, label: str, *, amount: Decimal, money: str) -> Document:
    return {
        "kind": kind,
        "meter": None,
        "tier": None,
        "label": label,
        "quantity": "1",
        "unit": "credit" if kind == "carried" else "adjustment",
        "unit_price": None,
        "amount": amount_text(amount, money),
    }


def _tax(rated: RatedCycle | None) -> Document | None:
    if rated is None or rated.plan.tax_rate is None:
        return None
    money = rated.plan.currency
    return {
        "rate": decimal_text(rated.plan.tax_rate),
        "taxable": amount_text(rated.subtotal, money),
        "amount": amount_text(rated.tax, money),
    }


def grant_fields(use: GrantUse, meter: int) -> Document:
    """Fields of a grant and its use."""
    grant = use.grant
    return {
        "kind": grant.kind,
        "meter": meter,
        "number": grant.number,
        "packs": grant.packs if grant.kind == "pack" else None,
        "price": decimal_text(grant.price),
        "units": units_text(grant.units),
        "before": units_text(use.before),
        "used": units_text(use.used),
        "lapsed": units_text(use.lapsed),
        "left": units_text(use.left),
        "from": text_from_us(grant.start_us),
        "expires": None if grant.expires_us is None else text_from_us(grant.expires_us),
    }


def _adjustment(adjustment: Adjustment) -> Document:
    rated, sessions = adjustment.rated, adjustment.sessions
    money = rated.plan.currency
    named = [(row, reason) for row, reason in zip(sessions.to_pylist(), adjustment.reasons, strict=True) if reason]
    counts: dict[tuple[str, str], int] = {}
    for row, reason in named:
        counts[row["change"], str(reason)] = counts.get((row["change"], str(reason)), 0) + 1
    return {
        "of": adjustment.number,
        "cycle": cycle_fields(rated.cycle),
        "lines": [_line_change(each, money) for each in adjustment.lines],
        "tax": _tax_change(adjustment),
        "difference": amount_text(adjustment.total, money),
        "sessions": [_session_change(row, str(reason)) for row, reason in named[:SESSIONS_INLINE_MAX]],
        "changes": [
            {"change": change, "reason": reason, "count": count} for (change, reason), count in sorted(counts.items())
        ],
        "moved_count": sessions.num_rows - len(named),
        "list": {"count": sessions.num_rows, "sha256": list_sha256(changes_list(adjustment))},
    }


def changes_list(adjustment: Adjustment) -> Any:
    """Sessions of an adjustment as they are kept and hashed."""
    import pyarrow as pa

    reasons = pa.array([None if each is None else str(each) for each in adjustment.reasons], pa.string())
    kept = adjustment.sessions.select([*LIST_SCHEMA.names, "change"])
    return kept.append_column(pa.field("reason", pa.string()), reasons)


def _line_change(change: LineChange, money: str) -> Document:
    line: StatedLine = change.line
    return {
        "kind": line.kind,
        "meter": line.meter,
        "tier": line.tier,
        "label": line.label,
        "unit_price": line.unit_price,
        "before": amount_text(change.before, money),
        "after": amount_text(change.after, money),
        "difference": amount_text(change.difference, money),
    }


def _tax_change(adjustment: Adjustment) -> Document | None:
    plan = adjustment.rated.plan
    if plan.tax_rate is None:
        return None
    return {
        "rate": decimal_text(plan.tax_rate),
        "before": amount_text(adjustment.tax_before, plan.currency),
        "after": amount_text(adjustment.rated.tax, plan.currency),
        "difference": amount_text(adjustment.tax_difference, plan.currency),
    }


def _session_change(row: Mapping[str, Any], reason: str) -> Document:
    names = ("meter", "policy", "bot_id", "channel", "change", "funding", "funding_before")
    return {
        "opening_key": str(row["opening_key"]),
        "started_at": text_from_us(row["started_at"]),
        "reason": reason,
        **{name: row[name] for name in names},
    }
