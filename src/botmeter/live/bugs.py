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
    kept = save_trace(problem, what=what, folder=settings.DATA)
    if kept.file is None:
        sys.stderr.write(f"{kept.reference} {kept.text}\n")
    # Without `what`, which can name a customer. Links a request's id to the trace.
    _log.error("a fault was kept", extra={"fields": {"reference": kept.reference}}, exc_info=problem)
    sentence = f"Something went wrong inside Botmeter. Its reference is {kept.reference}; the details are in the "
    return Bug(reference=kept.reference, sentence=f"{sentence}server's logs.")
