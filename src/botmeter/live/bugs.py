"""Bug reports of the server."""

import logging
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from botmeter.ledger.traces import save_trace

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """Stored trace of a bug, and its sentence for people."""

    reference: str
    sentence: str


def report_bug(what: str, problem: Exception) -> Bug:
    """Store a bug's trace; on a full disk, only log it, without values."""
    trace = save_trace(problem, what=what, folder=settings.DATA)
    message = "trace stored" if trace.file is not None else "trace could not be stored"
    # Without `what`, which can name a customer. Links a request's id to the trace.
    _log.error(message, extra={"fields": {"reference": trace.reference}}, exc_info=problem)
    sentence = f"Something went wrong inside Botmeter. Its reference is {trace.reference}; the details are in the "
    return Bug(reference=trace.reference, sentence=f"{sentence}server's logs.")
