"""Export of one session: its explanation as text or JSON, its events as CSV."""

from collections.abc import Callable
from typing import Final

import msgspec
import pyarrow as pa
from django.http import Http404, HttpResponse

from botmeter.people.audit import DETAIL_LENGTH_MAX, Action
from botmeter.people.database_failures import optional_write
from botmeter.people.rights import Right
from botmeter.reports.explain import explain
from botmeter.reports.explanation_json import Explanation, explanation_json
from botmeter.reports.export_csv import csv_chunks
from botmeter.reports.export_instants import InstantTexts
from botmeter.web.access import Visit, for_member
from botmeter.web.exports import MEDIA_TYPES
from botmeter.web.pages.session.correction import charges_of, fundings_shown

FORMATS: Final = {"txt": "Explanation as text", "json": "Explanation as JSON", "csv": "Events as CSV"}
_MEDIA_TYPES: Final = {"txt": "text/plain; charset=utf-8", "json": MEDIA_TYPES["json"], "csv": MEDIA_TYPES["csv"]}


@for_member(Right.EXPORT)
def session_export(visit: Visit, *, session: str, format: str) -> HttpResponse:  # noqa: A002 - the word in the address
    """Send the file."""
    write = _WRITERS.get(format)
    if write is None:
        raise Http404
    with visit.reading() as ledger:
        explained = explain(ledger, session)
        charges = charges_of(fundings_shown(visit, ledger, explanation=explained))
    explanation = explanation_json(explained, charges=charges)
    name = f"session_{explanation.session_id}.{format}"
    with optional_write("an export in the audit log", account=visit.account, user=visit.user.pk):
        visit.record(Action.EXPORTED, file=name, query=f"session={explanation.session_id}"[:DETAIL_LENGTH_MAX])
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(write(explanation), content_type=_MEDIA_TYPES[format], headers=headers)


def _text(explanation: Explanation) -> bytes:
    return explanation.text.encode()


def _json(explanation: Explanation) -> bytes:
    return msgspec.json.format(msgspec.json.encode(explanation), indent=2)


def _csv(explanation: Explanation) -> bytes:
    rows = pa.Table.from_pylist([msgspec.to_builtins(event) for event in explanation.events])
    texts = rows.cast(pa.schema([(name, pa.string()) for name in rows.column_names]))
    return b"".join(csv_chunks(texts.to_batches(), schema=texts.schema, instants=InstantTexts()))


_WRITERS: Final[dict[str, Callable[[Explanation], bytes]]] = {"txt": _text, "json": _json, "csv": _csv}
