"""Times of attempts."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zlib import crc32

from botmeter.people.notifications.topics import Channel

_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)

MAIL_WAITS: Final = (
    _MINUTE,
    5 * _MINUTE,
    15 * _MINUTE,
    *(hours * _HOUR for hours in (1, 2, 4, 8, 12, 24)),
)
"""51 hours: a mail server that fails on a Saturday is noticed on Monday."""
WEBHOOK_WAITS: Final = (
    timedelta(seconds=5),
    5 * _MINUTE,
    30 * _MINUTE,
    *(hours * _HOUR for hours in (2, 5, 10, 14, 20, 24)),
)
"""Schedule of the Standard Webhooks specification."""
JITTER: Final = 0.1
"""Largest share by which a wait is longer, so that what failed together is not tried together."""


def attempts_max(channel: Channel) -> int:
    """Number of attempts before a notification fails."""
    return len(_waits(channel)) + 1


def next_attempt_at(notification_id: UUID, *, channel: Channel, attempts: int, now: datetime) -> datetime | None:
    """Time of the attempt after `attempts` failed ones; None after the last."""
    waits = _waits(channel)
    if attempts > len(waits):
        return None
    share = crc32(notification_id.bytes + bytes([attempts])) / 2**32
    return now + waits[attempts - 1] * (1 + share * JITTER)


def _waits(channel: Channel) -> tuple[timedelta, ...]:
    return MAIL_WAITS if channel is Channel.EMAIL else WEBHOOK_WAITS
