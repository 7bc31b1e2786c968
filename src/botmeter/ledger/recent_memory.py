"""Memory of a ledger's writer, so that a small append need not search tables of millions of rows.

Each part is exact or absent. A rollback drops it, and so does a commit that does not keep it.
"""

from enum import Flag, auto
from typing import Final

import numpy as np

from botmeter.ledger.known_keys import Keys, KnownKeys
from botmeter.ledger.recent_events import RecentEvents
from botmeter.ledger.recent_sessions import RecentSessions

ATTEMPTS_APART_MAX: Final = 64


class Kept(Flag):
    """Parts that a transaction keeps: it changes nothing of theirs, or changes them as well."""

    EVENTS = auto()
    SESSIONS = auto()
    CONVERSATIONS = auto()


NOTHING_KEPT: Final = Kept(0)
ALL_KEPT: Final = Kept.EVENTS | Kept.SESSIONS | Kept.CONVERSATIONS


class Attempts:
    """Turns to read the sessions: where they are often dropped, reading them takes longer than it saves."""

    def __init__(self) -> None:
        self._apart = 1
        self._left = 0

    def is_due(self) -> bool:
        self._left -= 1
        return self._left < 0

    def note(self, *, is_used: bool) -> None:
        self._apart = max(1, self._apart // 2) if is_used else min(2 * self._apart, ATTEMPTS_APART_MAX)
        if not is_used:
            self._left = self._apart - 1


class ConversationKeys:
    """Hashes of all conversations with rows, and with tickets; some have none any more."""

    def __init__(self, *, with_rows: Keys, with_tickets: Keys) -> None:
        self.with_rows, self.with_tickets = KnownKeys(with_rows), KnownKeys(with_tickets)

    def add(self, *, with_rows: Keys, with_tickets: Keys) -> None:
        for known, keys in ((self.with_rows, with_rows), (self.with_tickets, with_tickets)):
            distinct = np.unique(keys)
            known.add(distinct[~known.suspects(distinct).known])


class RecentMemory:
    """Parts in memory.

    Attributes:
        sessions, conversations: None: not read.
    """

    def __init__(self) -> None:
        self.events = RecentEvents()
        self.sessions: RecentSessions | None = None
        self.conversations: ConversationKeys | None = None
        self.attempts = Attempts()
        self._kept = NOTHING_KEPT

    def begin(self) -> None:
        """Begin a transaction, which keeps nothing until it says so."""
        self._kept = NOTHING_KEPT

    def keep(self, parts: Kept) -> None:
        self._kept |= parts

    def end(self) -> None:
        self._drop(ALL_KEPT & ~self._kept)

    def forget(self) -> None:
        self._drop(ALL_KEPT)

    def _drop(self, parts: Kept) -> None:
        if Kept.EVENTS in parts:
            self.events.clear()
        if Kept.SESSIONS in parts:
            self.sessions = None
        if Kept.CONVERSATIONS in parts:
            self.conversations = None
