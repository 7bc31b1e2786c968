"""Exports of the underlying data."""

import re
from dataclasses import dataclass
from typing import Final

from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import reverse

from botmeter.domain.errors import Refused
from botmeter.live.export_progress import ExportProgress
from botmeter.people.audit import DETAIL_LENGTH_MAX, Action, record
from botmeter.people.database_failures import optional_write
from botmeter.people.rights import Right
from botmeter.reports.export import FORMATS, Export, Format, export_name
from botmeter.reports.row_options import Grain
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.exports import LedgerExport
from botmeter.web.grain import read_grain
from botmeter.web.pages.report.rows.view_options import RowsAddress, read_rows_address
from botmeter.web.question import preferred_zone, report_question
from botmeter.web.report_address import ReportAddress, read_address
from botmeter.web.server_state import server_state

_FORMATS: Final = {"csv": "CSV", "xlsx": "XLSX", "parquet": "Parquet", "ndjson": "NDJSON"}
# Columns of sessions on the page whose name in files is another.
_SESSION_COLUMNS: Final = {"customer": "customer_id"}
_PROGRESS_NAME: Final = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exports:
    """Files of the listed lines, if any.

    Attributes:
        progress_href: Of an export's progress, without its name.
    """

    label: str = ""
    formats: tuple[Link, ...] = ()
    progress_href: str = ""
    total: int = 0


NO_EXPORTS: Final = Exports()


def exports_of(account: str, address: ReportAddress, *, view: RowsAddress) -> Exports:
    """Link the files."""
    parameters = {name: value for name, value in view.pairs().items() if name in {"search", "charge", "columns"}}
    # An address without a grain is that of rows, from before there were others.
    parameters["grain"] = view.grain
    return Exports(
        formats=tuple(
            Link(label=label, href=reverse("export", args=(account, name)) + address.query(**parameters))
            for name, label in _FORMATS.items()
        ),
        progress_href=reverse("export-progress", args=(account, "-")).removesuffix("-"),
    )


@for_member(Right.EXPORT)
def export(visit: Visit, *, format: str) -> StreamingHttpResponse:  # noqa: A002 - the word in the address
    """Stream the rows as a file."""
    file_format = next((known for known in FORMATS if known == format), None)
    if file_format is None:
        raise Http404
    parameters = visit.request.GET
    address, zone = read_address(parameters), preferred_zone(visit.account)
    grain = read_grain(parameters, default=Grain.ROW)
    file = _export_of(read_rows_address(parameters), file_format, grain=grain)
    progress = _begun(visit)
    with progress.noting_failure(), LedgerExport(visit.request, visit.account) as exported:
        query = report_question(exported.ledger, address, zone=zone).query
        details = {
            "file": export_name(query, file_format, subject=file.subject),
            "query": address.query()[:DETAIL_LENGTH_MAX],
        }
        with optional_write("an export in the audit log", account=visit.account, user=visit.user.pk):
            record(Action.EXPORTED, request=visit.request, user=visit.user, account=visit.account, **details)
        return exported.response(query, file, progress=progress)


@for_member(Right.EXPORT)
def export_progress(visit: Visit, *, name: str) -> HttpResponse:
    """Progress of one of the user's exports."""
    progress = server_state(visit.request).export_progress.find(visit.user.pk, name)
    return JsonResponse({"state": progress.state, "rows": progress.row_count, "problem": progress.problem})


def _begun(visit: Visit) -> ExportProgress:
    name = visit.request.GET.get("progress", "")
    if not name:
        return ExportProgress()
    if not _PROGRESS_NAME.fullmatch(name):
        raise Refused("parameter_invalid", f"Invalid value {name[:40]!r} of parameter progress. Use 8 to 64 of 0-9a-f.")
    return server_state(visit.request).export_progress.begin(visit.user.pk, name)


def _export_of(view: RowsAddress, form: Format, *, grain: Grain) -> Export:
    # Without a grain in the address, the columns are those of the page's sessions, which rows lack.
    columns = view.columns if view.grain is grain else ()
    named = tuple(_SESSION_COLUMNS.get(name, name) for name in columns) or None
    return Export(format=form, grain=grain, columns=named, search=view.options.search, charge=view.options.charge)
