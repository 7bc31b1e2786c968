"""Route that compares a vendor's bill."""

import io
from typing import Annotated, Any, Final

import msgspec
from django.http import HttpResponse, StreamingHttpResponse
from msgspec import Meta, Struct

from botmeter.billing.reconcile.check import check_invoice, check_list
from botmeter.billing.reconcile.differences import Kind, Reason
from botmeter.billing.reconcile.invoice import invoice_from_mapping, period_from_text
from botmeter.billing.reconcile.own_bills import bill_named
from botmeter.billing.reconcile.result import tolerance_from_text
from botmeter.billing.reconcile.result_json import invoice_as_mapping, list_as_mapping, list_json
from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us
from botmeter.domain.period import UTC_NAME
from botmeter.people.keys import Scope
from botmeter.reports.report_json import Count, ReportPeriod
from botmeter.sources.mapping.mapping import Mapping
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.reader import SourceFile
from botmeter.sources.stream import STDIN
from botmeter.sources.table_options import HEADER_ROW_MAX, TableOptions
from botmeter.sources.vendor_sessions import VENDOR_SESSIONS, VendorList, vendor_list
from botmeter.web.api.billing_answers import Amount
from botmeter.web.api.parameters import Parameter
from botmeter.web.api.route import JSON, Call, Content
from botmeter.web.api.route_kinds import change_bill
from botmeter.web.exports import MEDIA_TYPES
from botmeter.web.ledgers import reading
from botmeter.web.server_state import server_state

_ANY_FILE: Final = "application/octet-stream"
_FORMATS: Final = {MEDIA_TYPES[form].partition(";")[0]: form for form in ("csv", "ndjson", "parquet", "xlsx")}
_LIST_PARAMETERS: Final = ("period", "statement", "timezone", "tolerance", "mapping", "encoding", "sheet", "header_row")


class InvoiceBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Totals of a bill."""

    period: Annotated[str, Meta(description="First and last day: `2026-10-01..2026-10-31`.")]
    sessions: Annotated[int, Meta(extra_json_schema={"minimum": 0})]
    timezone: str = UTC_NAME
    total: Amount | None = None
    currency: str | None = None


class BillOfAccount(Struct, frozen=True, forbid_unknown_fields=True):
    """The account's sessions, and its own bill: of the statement, or of exactly the invoice's days."""

    sessions: Count
    statement: str | None
    subtotal: Amount | None
    total: Amount | None
    currency: str | None


class InvoiceComparison(Struct, frozen=True, forbid_unknown_fields=True):
    """An invoice against the account."""

    account: str
    period: ReportPeriod
    theirs: dict[str, Any]
    ours: BillOfAccount
    difference: Annotated[int, Meta(description="Their sessions minus ours.")]
    difference_in_money: Amount | None
    days: list[dict[str, Any]]


class ReasonTotal(Struct, frozen=True, forbid_unknown_fields=True):
    """Differences of a kind and a likely reason; the amount is what the vendor charges."""

    kind: Annotated[str, Meta(extra_json_schema={"enum": list(Kind)})]
    reason: Annotated[str, Meta(extra_json_schema={"enum": list(Reason)})]
    sessions: Count
    amount: Amount | None


class ListComparison(Struct, frozen=True, forbid_unknown_fields=True):
    """A list against the account; docs/guides/reconcile.md explains each field."""

    account: str
    period: ReportPeriod
    theirs: dict[str, Any]
    ours: BillOfAccount
    same: Count
    other_day: Count
    only_theirs: Count
    only_ours: Count
    same_at_another_time: Count
    reasons: list[ReasonTotal]
    shift: dict[str, Any] | None
    notes: list[str]
    unread: dict[str, Any]
    days: list[dict[str, Any]]
    differences: list[dict[str, Any]]


def reconcile(call: Call) -> HttpResponse | StreamingHttpResponse:
    """Compare an invoice, or a list of sessions."""
    if isinstance(call.body, InvoiceBody):
        return _invoice_compared(call, call.body)
    query = call.request.GET
    period, statement = query.get("period"), query.get("statement")
    if period and statement:
        raise Refused("arguments_clash", "Use either `period` or `statement`, not both.")
    days = period_from_text(period, timezone=query.get("timezone") or UTC_NAME) if period else None
    tolerance_us = tolerance_from_text(query.get("tolerance") or "60s")
    with server_state(call.request).bill_turns.turn():
        vendor = _vendor_list(call)
        with reading(call.request, call.account) as ledger:
            own = bill_named(ledger, statement) if statement else None
            result = check_list(ledger, vendor, period=days if own is None else own.period, tolerance_us=tolerance_us)
        head = list_as_mapping(result, vendor, account=call.account, own=own)
    chunks = (part.encode() for part in list_json(head, result.differences))
    return StreamingHttpResponse(chunks, content_type=JSON)


def _invoice_compared(call: Call, body: InvoiceBody) -> HttpResponse:
    if any(name in call.request.GET for name in _LIST_PARAMETERS):
        raise Refused("arguments_clash", "An invoice has its own period, and takes no parameters.")
    invoice = invoice_from_mapping(msgspec.to_builtins(body))
    with reading(call.request, call.account) as ledger:
        checked = check_invoice(ledger, invoice, now_us=now_us())
    return HttpResponse(msgspec.json.encode(invoice_as_mapping(checked, account=call.account)), content_type=JSON)


def _vendor_list(call: Call) -> VendorList:
    query = call.request.GET
    header_row = query.get("header_row")
    return vendor_list(
        SourceFile(
            path=STDIN,
            name="The list",
            content=io.BytesIO(call.body),
            mapping=None if not query.get("mapping") else _mapping(query["mapping"]),
            format=_FORMATS.get(call.request.content_type or ""),
            table=TableOptions(
                encoding=query.get("encoding") or None,
                sheet=query.get("sheet") or None,
                header_row=int(header_row) if header_row else None,
            ),
        )
    )


def _mapping(text: str) -> Mapping:
    try:
        document = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise Refused("mapping_invalid", "Invalid mapping: the parameter is not a JSON object.") from None
    return mapping_from_document(document, shape=VENDOR_SESSIONS)


_EXAMPLE: Final = {
    "account": "acme",
    "period": {"from": "2026-10-01", "to": "2026-10-31", "timezone": "UTC", "days": 31},
    "theirs": {"sessions": 2, "amount": "0.20"},
    "ours": {"sessions": 1, "statement": None, "subtotal": None, "total": None, "currency": None},
    "same": 1,
    "other_day": 0,
    "only_theirs": 1,
    "only_ours": 0,
    "same_at_another_time": 0,
    "reasons": [{"kind": "only_theirs", "reason": "duplicate", "sessions": 1, "amount": "0.10"}],
    "shift": None,
    "notes": [],
    "unread": {"rows": 0, "totals": 0, "first": []},
    "days": [{"date": "2026-10-12", "theirs": 2, "ours": 1, "difference": 1, "amount": "0.20"}],
    "differences": [
        {
            "kind": "only_theirs",
            "reason": "duplicate",
            "their_row": 2,
            "their_started_at": "2026-10-12T08:30:00Z",
            "our_session_id": "4c10adab-a6a2-87a4-acf7-6c2826b08fbe",
            "our_started_at": "2026-10-12T08:30:00Z",
            "customer_id": "cus_8401",
            "conversation_id": None,
            "bot_id": "orders",
            "channel": "web",
            "amount": "0.10",
        }
    ],
}

RECONCILE_ROUTES: Final = (
    change_bill(
        path="accounts/{account}/reconcile",
        operation="reconcile",
        summary="Compare a vendor's bill",
        description=(
            "The vendor's list of sessions as a file, also compressed with gzip, of at most 2.5 MiB as it is sent; or "
            "the totals of an invoice as JSON. A JSON list is sent as `application/octet-stream`, whose format is "
            "detected. The parameters are those of a list. Nothing is kept. The answer is that of `botmeter reconcile "
            "--format json`; a larger file is compared by that command, or on the page."
        ),
        scope=Scope.BILLING_READ,
        takes_large_body=True,
        parameters=(
            Parameter(
                name="period",
                description="First and last day of the bill. Default: the days of the list.",
                example="2026-10-01..2026-10-31",
            ),
            Parameter(
                name="statement",
                description="Compare with the period of this statement, and show its amount.",
                example="ACME-000001",
            ),
            Parameter(name="timezone", description="Time zone of `period`.", example="Asia/Kolkata", default=UTC_NAME),
            Parameter(
                name="tolerance",
                description="Between the times of one session: `60s`, `5m`, at most `1h`.",
                example="60s",
                default="60s",
            ),
            Parameter(
                name="mapping",
                description="Columns of other names, as the JSON of a mapping file.",
                example='{"started_at": {"column": "Start"}}',
            ),
            Parameter(
                name="encoding", description="Encoding of a text file, if not UTF-8 or UTF-16.", example="windows-1252"
            ),
            Parameter(name="sheet", description="Sheet of a workbook. Default: the first.", example="Usage"),
            Parameter(
                name="header_row",
                description="Row of the header. Default: the first that is not blank.",
                limits={"type": "integer", "minimum": 1, "maximum": HEADER_ROW_MAX},
                example="3",
            ),
        ),
        body=(
            Content(
                types=(InvoiceBody,),
                example={"period": "2026-10-01..2026-10-31", "sessions": 1874, "total": "187.40", "currency": "USD"},
            ),
            *(Content(media_type=media_type) for media_type in (*_FORMATS, _ANY_FILE)),
        ),
        answers=(Content(types=(ListComparison, InvoiceComparison), example=_EXAMPLE),),
        view=reconcile,
    ),
)
