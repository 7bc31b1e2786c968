"""Freshness line: newest event, and events not metered yet."""

from dataclasses import dataclass
from typing import Final, Literal

from botmeter.domain import text
from botmeter.ledger.settle import Backlog
from botmeter.reports.recency import Recency

_SECOND_US: Final = 1_000_000
_LIVE_US: Final = 15 * 60 * _SECOND_US
_QUIET_US: Final = 24 * 3600 * _SECOND_US
_BEHIND_US: Final = 5 * _SECOND_US
"""Metering runs twice a second, so what waits longer is worth a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Freshness in instants: "5 seconds ago" would be wrong a second later."""

    text: str
    kind: Literal["live", "wait", "late", ""]


def freshness(recency: Recency, *, now_us: int, zone: str, waiting: Backlog | None) -> Freshness:
    """Build the line; None for `waiting` omits unmetered events."""
    latest_us, live_received_us = recency.latest_event_us, recency.live_received_us
    if latest_us is None:
        return Freshness(text="No events yet", kind="wait")
    zone_text = zone if zone == "UTC" else f"({zone})"
    is_live = live_received_us is not None and now_us - live_received_us < _LIVE_US
    newest = f"{_instant(latest_us, now_us=now_us, zone=zone, seconds=is_live)} {zone_text}"
    behind = _behind(waiting, now_us=now_us)
    if behind:
        return Freshness(text=f"{behind} · latest counted {newest}", kind="late")
    if recency.received_us is not None and now_us - recency.received_us < _LIVE_US:
        newest += f", received {text.clock_text(recency.received_us, zone=zone, seconds=True)}"
    if is_live:
        return Freshness(text=f"Live · latest event {newest}", kind="live")
    return Freshness(text=f"Latest event {newest}", kind="" if now_us - latest_us < _QUIET_US else "late")


def _behind(waiting: Backlog | None, *, now_us: int) -> str:
    if waiting is None or waiting.oldest_received_us is None or now_us - waiting.oldest_received_us < _BEHIND_US:
        return ""
    return f"{text.counted(waiting.event_count, 'event')} not counted yet"


def _instant(at_us: int, *, now_us: int, zone: str, seconds: bool) -> str:
    if seconds and text.in_zone(at_us, zone).date() == text.in_zone(now_us, zone).date():
        return text.clock_text(at_us, zone=zone, seconds=True)
    return text.row_instant_text(at_us, zone=zone, now_us=now_us, seconds=False)
