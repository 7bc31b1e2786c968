"""Download of quarantine, as the command's export."""

from collections.abc import Generator, Iterator

from django.http import StreamingHttpResponse

from botmeter.ledger.quarantine_lines import quarantine_lines
from botmeter.people.audit import DETAIL_LENGTH_MAX, Action
from botmeter.people.database_failures import optional_write
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.exports import MEDIA_TYPES, LedgerExport
from botmeter.web.quarantine_address import QuarantineAddress


@for_member(Right.EXPORT)
def download(visit: Visit) -> StreamingHttpResponse:
    """Stream the events that the address chooses; with `form=raw` only as sent."""
    visit.require(Right.MANAGE_QUARANTINE)
    address, is_raw = QuarantineAddress.of(visit.request.GET), visit.request.GET.get("form") == "raw"
    name = f"quarantine-{visit.account}{'-as-sent' if is_raw else ''}.ndjson"
    with LedgerExport(visit.request, visit.account) as exported:
        lines = quarantine_lines(exported.ledger, address.chosen(finds_content=True), raw=is_raw)
        query = visit.request.META.get("QUERY_STRING", "")[:DETAIL_LENGTH_MAX]
        with optional_write("an export in the audit log", account=visit.account, user=visit.user.pk):
            visit.record(Action.EXPORTED, file=name, query=query)
        return exported.streamed(_encoded(lines), name=name, media_type=MEDIA_TYPES["ndjson"])


def _encoded(lines: Iterator[str]) -> Generator[bytes, None, None]:
    for line in lines:
        yield line.encode("utf-8", "replace")
