"""Outcome of a batch, from the server's answer."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from botmeter.client.status import Refusal
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, us_from_datetime

# A server that asks for more has a wrong clock or setting.
RETRY_AFTER_SECONDS_MAX = 3_600.0
# Causes that persist and are the fault of no event: a key, an address, a proxy's sign-in page.
_BLOCKING = {401, 403, 404, 405, 407, 410, 411, 415, 451}
_TRANSIENT = {408, 421, 425, 429}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Receipt(msgspec.Struct, frozen=True):
    """The server stored the batch and reports each event."""

    accepted: int
    duplicates: int
    conflicts: int
    rejected: int
    rejections: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLater:
    """The batch may have arrived; `after_seconds` is the server's earliest retry."""

    detail: str
    after_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLarge:
    """Fewer events at once may pass."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """No batch passes until key, address or server is corrected."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """The server never accepts this batch."""

    code: str
    detail: str


Outcome = Receipt | RetryLater | TooLarge | Blocked | Unusable


def outcome(answer: Answer, *, event_count: int, now_us: int) -> Outcome:
    """Outcome of a batch."""
    status = answer.status
    if status == 200:
        return _receipt(answer.body, event_count)
    problem = _problem(answer)
    if status == 413:
        return TooLarge(code=problem.code, detail=problem.detail)
    if status in _BLOCKING or 300 <= status < 400:
        return Blocked(code=problem.code, detail=problem.detail)
    if status in _TRANSIENT or status >= 500 or status < 300:
        return RetryLater(detail=problem.detail, after_seconds=_retry_after_seconds(answer, now_us))
    return Unusable(code=problem.code, detail=problem.detail)


class _Problem(msgspec.Struct):
    code: str = ""
    title: str = ""
    detail: str = ""


_RECEIPTS = msgspec.json.Decoder(Receipt)
_PROBLEMS = msgspec.json.Decoder(_Problem)


def _receipt(body: bytes, event_count: int) -> Receipt | RetryLater:
    try:
        receipt = _RECEIPTS.decode(body)
    except msgspec.DecodeError:
        # A proxy's page or a truncated answer: the batch may have been stored, and is sent again.
        return RetryLater(detail="The server's answer is not a receipt.")
    total = receipt.accepted + receipt.duplicates + receipt.conflicts + receipt.rejected
    if total != event_count:
        return RetryLater(detail=f"The receipt counts {total} events, but {event_count} were sent.")
    return receipt


def _problem(answer: Answer) -> _Problem:
    try:
        problem = _PROBLEMS.decode(answer.body)
    except msgspec.DecodeError:
        problem = _Problem()
    problem.code = problem.code or f"http_{answer.status}"
    problem.detail = problem.detail or problem.title or f"The server answered {answer.status}."
    return problem


def _retry_after_seconds(answer: Answer, now_us: int) -> float:
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        # Loaded on demand, since few servers send a date.
        from email.utils import parsedate_to_datetime

        try:
            until_us = us_from_datetime(parsedate_to_datetime(text))
        except (ValueError, TypeError, OverflowError):
            return 0.0
        seconds = (until_us - now_us) / MICROSECONDS_PER_SECOND
    return min(max(seconds, 0.0), RETRY_AFTER_SECONDS_MAX)
