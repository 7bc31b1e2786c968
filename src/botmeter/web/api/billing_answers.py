"""Bodies and responses of the routes about bills."""

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from botmeter.billing.account_plans import CycleState
from botmeter.billing.account_statements import ListedStatement
from botmeter.billing.stated import read_document
from botmeter.domain.instant import text_from_us
from botmeter.ledger.billing.closed_statements import ClosedStatement
from botmeter.ledger.billing.corrections import StoredCorrection
from botmeter.ledger.billing.plan_terms import GRACE_DAYS_MAX
from botmeter.reports.report_json import Count, Day, Instant
from botmeter.web.api.answers import NextCursor

Amount = Annotated[str, Meta(pattern=r"^-?\d+(\.\d+)?$", description="Decimal in the currency.")]


class Statement(Struct, frozen=True, forbid_unknown_fields=True):
    """One statement, or a cycle that has none yet."""

    number: str | None
    first_day: date
    last_day: date
    timezone: str
    state: CycleState
    currency: str
    total: Annotated[Amount | None, Meta(description="Null unless closed; a bill has that of an unclosed cycle.")]
    closed_at: Instant | None
    closed_by: Annotated[str | None, Meta(description="Null if it was closed automatically.")]
    adjusted_by: Annotated[list[str], Meta(description="Numbers of the statements that adjust it.")]
    sha256: str | None


class Statements(Struct, frozen=True, forbid_unknown_fields=True):
    """The statements in the order of closing, then the cycles that have none yet."""

    items: list[Statement]
    next_cursor: NextCursor


class StatementDocument(Struct, frozen=True, forbid_unknown_fields=True):
    """A statement; amounts are decimals as text. docs/concepts/statements.md names each field."""

    format: str
    number: Annotated[str | None, Meta(description="Null: preliminary, as if the cycle were closed now.")]
    account: str
    title: str
    cycle: dict[str, str]
    closed_at: Instant | None
    closed_by: str | None
    software: str
    plans: list[str]
    policies: list[str]
    plan_title: str
    currency: str
    lines: list[dict[str, Any]]
    subtotal: Amount
    tax: dict[str, Amount] | None
    total: Amount
    carried_forward: Amount
    grants: list[dict[str, Any]]
    usage: dict[str, Any]
    shares: dict[str, Any]
    adjustments: list[dict[str, Any]]
    sessions: dict[str, Any]
    as_of: dict[str, int]
    previous: str | None


class CloseBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Cycles to close."""

    through: Annotated[
        Day | None,
        Meta(
            description="Last day of the last cycle, in the plan's zone. Null: all that ended since the plan was set."
        ),
    ] = None


class GracePeriod(Struct, frozen=True, forbid_unknown_fields=True):
    """Days between the end of a cycle and its closing."""

    days: Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": GRACE_DAYS_MAX})]


class ClosedStatements(Struct, frozen=True, forbid_unknown_fields=True):
    """The statements that were closed; none if there was nothing to close."""

    closed: list[str]


class Correction(Struct, frozen=True, forbid_unknown_fields=True):
    """A session taken off the bill, or the undoing of that."""

    number: Count
    kind: Literal["void", "test"]
    session_start: Instant
    reason: str
    recorded_at: Instant
    recorded_by: str | None
    undoes: Annotated[int | None, Meta(description="The correction that this one undoes.")]


class Corrections(Struct, frozen=True, forbid_unknown_fields=True):
    """Corrections and their undoing, in the order of recording."""

    items: list[Correction]
    next_cursor: NextCursor


class CorrectionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A session to take off the bill."""

    session_id: str
    kind: Literal["void", "test"]
    reason: str


class UndoBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Reason for which a correction is undone."""

    reason: str


class CorrectionRecorded(Struct, frozen=True, forbid_unknown_fields=True):
    """A recorded correction, or undoing."""

    number: Count = field(name="correction")


def statement_item(listed: ListedStatement) -> Statement:
    """Statement of a list."""
    cycle = listed.cycle
    return Statement(
        number=listed.number,
        first_day=cycle.first_on,
        last_day=cycle.last_on,
        timezone=cycle.timezone,
        state=listed.state,
        currency=listed.currency,
        total=listed.total,
        closed_at=None if listed.closed_at is None else text_from_us(listed.closed_at),
        closed_by=listed.closed_by,
        adjusted_by=list(listed.adjusted_by),
        sha256=listed.sha256,
    )


def correction_item(stored: StoredCorrection) -> Correction:
    """Correction of a list."""
    return Correction(
        number=stored.number,
        kind=stored.kind.value,
        session_start=text_from_us(stored.started_at),
        reason=stored.reason,
        recorded_at=text_from_us(stored.recorded_at),
        recorded_by=stored.set_by,
        undoes=stored.undoes,
    )


def closing_detail(statement: ClosedStatement) -> dict[str, str]:
    """Detail of a closing in the audit log."""
    return {"statement": statement.number, "total": read_document(statement)["total"]}
