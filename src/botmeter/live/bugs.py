"""Bug reports of the server."""

import logging
import sys
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
    """Store a bug's trace, or print it to stderr if the disk is full."""
    trace = save_trace(problem, what=what, folder=settings.DATA)
    if trace.file is None:
        sys.stderr.write(f"{trace.reference} {trace.text}\n")
    # Without `what`, which can name a customer. Links a request's id to the trace.
    _log.error("trace stored", extra={"fields": {"reference": trace.reference}}, exc_info=problem)
    sentence = f"Something went wrong inside Botmeter. Its reference is {trace.reference}; the details are in the "
    return Bug(reference=trace.reference, sentence=f"{sentence}server's logs.")
