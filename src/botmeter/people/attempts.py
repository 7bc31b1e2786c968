"""Limits on attempts, counted in the database for all processes.

An attempt is counted before it is made, under a lock, so parallel ones can't exceed a limit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from django.db import transaction
from django.db.models import F

from botmeter.domain import text
from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import EPOCH, present
from botmeter.people.links import digest_of
from botmeter.people.models import AttemptCount

# Rows are deleted long after their end, when nobody else is likely to count in them.
_KEPT: Final = timedelta(days=1)
_MINUTES_FROM_SECONDS: Final = 100
_HOURS_FROM_SECONDS: Final = 100 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLimit:
    """Limit on one kind of attempts.

    Attributes:
        period: Until a count starts anew: from its first attempt, or with `waits` from the end of the last.
        waits: After the last free attempt and those that follow; the last one repeats. Without any, no attempt is
            allowed until the period ends.
    """

    name: str
    free_count: int
    period: timedelta
    waits: tuple[timedelta, ...] = ()

    def of(self, subject: object) -> "Attempts":
        return Attempts(limit=self, key=digest_of(f"{self.name}:{subject}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Attempts of one person, client or address."""

    limit: AttemptLimit
    key: str

    def give_back(self) -> None:
        """Uncount an attempt that was not made."""
        AttemptCount.objects.filter(key=self.key, attempts__gt=0).update(
            attempts=F("attempts") - 1, blocked_until=EPOCH
        )

    def forget(self) -> None:
        # Not deleted: on PostgreSQL, transactions that create the row again could wait for each other.
        AttemptCount.objects.filter(key=self.key).update(attempts=0, blocked_until=EPOCH, ends_at=EPOCH)


def count_attempt(*attempts: Attempts) -> int:
    """Count an attempt, unless one of its limits refuses it, which writes nothing.

    Returns:
        Seconds to wait before the next attempt; 0 if this one is allowed.
    """
    rows = _rows(attempts)
    if wait := _wait_seconds(rows.values(), now=present()):
        return wait
    if len(rows) < len(attempts):
        AttemptCount.objects.filter(ends_at__lte=present() - _KEPT).delete()
    while True:
        with transaction.atomic():
            missing = [each.key for each in attempts if each.key not in rows]
            AttemptCount.objects.bulk_create(
                [AttemptCount(key=key, blocked_until=EPOCH, ends_at=EPOCH) for key in sorted(missing)],
                ignore_conflicts=True,
            )
            rows = _rows(attempts, is_locked=True)
            # Another process may have deleted an old row meanwhile.
            if len(rows) == len(attempts):
                # Not before the lock: others have counted since.
                now = present()
                wait = _wait_seconds(rows.values(), now=now)
                if not wait:
                    for each in attempts:
                        _count(rows[each.key], limit=each.limit, now=now)
                return wait


def require_attempt(*attempts: Attempts, sentence: str) -> None:
    """Count an attempt, or raise Unavailable `attempts_exceeded`, with the sentence."""
    _require_no_wait(count_attempt(*attempts), sentence=sentence)


def refuse_blocked(*attempts: Attempts, sentence: str) -> None:
    """As `require_attempt`, without counting."""
    _require_no_wait(_wait_seconds(_rows(attempts).values(), now=present()), sentence=sentence)


def duration_text(seconds: int) -> str:
    """Format a wait, rounded up: `15 minutes`."""
    if seconds < _MINUTES_FROM_SECONDS:
        return text.counted(seconds, "second")
    if seconds < _HOURS_FROM_SECONDS:
        return text.counted(ceil(seconds / 60), "minute")
    return text.counted(ceil(seconds / 3600), "hour")


def _require_no_wait(seconds: int, *, sentence: str) -> None:
    if seconds:
        raise Unavailable(
            "attempts_exceeded", f"{sentence} Try again in {duration_text(seconds)}.", retry_after_seconds=seconds
        )


def _count(row: AttemptCount, *, limit: AttemptLimit, now: datetime) -> None:
    if row.ends_at <= now:
        row.attempts, row.ends_at = 0, now + limit.period
    row.attempts += 1
    over = row.attempts - limit.free_count
    if over < 0:
        row.blocked_until = EPOCH
    elif limit.waits:
        row.blocked_until = now + limit.waits[min(over, len(limit.waits) - 1)]
    else:
        row.blocked_until = row.ends_at
    if limit.waits:
        row.ends_at = max(now, row.blocked_until) + limit.period
    row.save(update_fields=["attempts", "blocked_until", "ends_at"])


def _rows(attempts: Iterable[Attempts], *, is_locked: bool = False) -> dict[str, AttemptCount]:
    # In one order, so that two requests can't wait for each other.
    rows = AttemptCount.objects.filter(key__in=[each.key for each in attempts]).order_by("key")
    return {row.key: row for row in (rows.select_for_update() if is_locked else rows)}


def _wait_seconds(rows: Iterable[AttemptCount], *, now: datetime) -> int:
    return max((ceil((row.blocked_until - now).total_seconds()) for row in rows if row.blocked_until > now), default=0)
