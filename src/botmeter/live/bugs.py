"""What is kept and said of a bug, wherever in the server it was met."""

import logging
import sys
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from botmeter.ledger.traces import save_trace

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """A bug whose trace is kept: under which reference, and what a person is told."""

    reference: str
    sentence: str


def kept_bug_in(what: str, problem: Exception) -> Bug:
    """Keeps the trace of a bug in `what`, on stderr where the disk takes nothing."""
    kept = save_trace(problem, what=what, folder=settings.DATA)
    if kept.file is None:
        sys.stderr.write(f"{kept.reference} {kept.text}\n")
    # Without `what`, which can hold a customer: the line leads from a request's id to the trace.
    _log.error("a fault was kept", extra={"fields": {"reference": kept.reference}}, exc_info=problem)
    sentence = f"Something went wrong inside Botmeter. Its reference is {kept.reference}; the details are in the "
    return Bug(reference=kept.reference, sentence=f"{sentence}server's logs.")
