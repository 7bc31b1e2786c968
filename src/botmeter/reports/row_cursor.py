"""Cursors of the underlying data.

A cursor names the line beside the page, not an offset: any page is as quick, and new lines shift nothing.
"""

import base64
import binascii
from hashlib import blake2b
from uuid import UUID

import msgspec

from botmeter.domain.errors import Refused
from botmeter.reports.row_options import Grain, RowOptions, SortKey
from botmeter.reports.snapshot import Parameters

_CHECK_BYTES = 6
_INT64_END = 2**63

# Sort key of a session's rows: conversation, bot, version, channel.
RowKey = tuple[str, str | None, str | None, str]


class Cursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Line beside a page.

    Attributes:
        is_backward: The page ends before the line, rather than begins after it.
        key: Sort key: µs UTC, a count, or a customer's id.
        line_id: Session of a row, else the line's own id.
        row: None unless lines are rows.
    """

    is_backward: bool
    key: int | str
    line_id: str
    row: RowKey | None


def cursor_bounds(at: Cursor | None, *, options: RowOptions) -> Parameters:
    """Bound values of the lines from the cursor on, inclusive, two more than a page's; from the start if None."""
    is_rising = options.descending == (at is not None and at.is_backward)
    key = None if at is None else at.key
    return {
        "low_key": key if is_rising else None,
        "high_key": None if is_rising else key,
        "at_key": key,
        "at_line": None if at is None else at.line_id,
        "is_rising": is_rising,
        "line_count": options.limit + 2,
    }


def text_of_cursor(cursor: Cursor, *, account: str, options: RowOptions) -> str:
    """Encode a cursor as URL-safe text for an account, grain and order."""
    body = msgspec.msgpack.encode(cursor)
    return base64.urlsafe_b64encode(_check(body, account=account, options=options) + body).rstrip(b"=").decode()


def cursor_from_text(text: str, *, account: str, options: RowOptions) -> Cursor:
    """Decode a cursor.

    Raises:
        Refused: `cursor_invalid`, also for another account, grain or order.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        check, body = data[:_CHECK_BYTES], data[_CHECK_BYTES:]
        if check != _check(body, account=account, options=options):
            raise _invalid()
        cursor = msgspec.msgpack.decode(body, type=Cursor)
        if options.grain in (Grain.SESSION, Grain.ROW):
            UUID(cursor.line_id)
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        raise _invalid() from None
    # The checksum is no secret, so a forged text can pass it.
    is_text = options.sort is SortKey.CUSTOMER
    key = cursor.key
    if isinstance(key, str) != is_text or (isinstance(key, int) and not -_INT64_END <= key < _INT64_END):
        raise _invalid()
    if (cursor.row is None) != (options.grain is not Grain.ROW):
        raise _invalid()
    return cursor


def _check(body: bytes, *, account: str, options: RowOptions) -> bytes:
    """Checksum against mistakes, not attacks."""
    bound = msgspec.msgpack.encode((account, options.grain, options.sort, options.descending))
    return blake2b(bound + body, digest_size=_CHECK_BYTES).digest()


def _invalid() -> Refused:
    return Refused(
        "cursor_invalid",
        "The cursor does not belong to this list in this order. Leave it out to start at the first line.",
    )
