"""Prepared live traffic: continued conversations, late events, duplicates.

Batches are NDJSON and determined by their number, so that the same traffic can be sent, sent again, and written to a
file.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

OPEN_CONVERSATIONS = 20_000
"""At any moment: what 40,000 events a second come from is not one conversation."""
_NEW_SHARE = 0.08
_LATE_SHARE = 0.01
_DUPLICATE_SHARE = 0.02
_LATE_US_MAX = 2 * 86_400_000_000
_BOTS = ("orders", "faq", "billing", "returns")
_CHANNELS = ("web", "whatsapp", "messenger", "instagram")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTraffic:
    """Batches of events.

    Attributes:
        first_us: Time of the first event, µs UTC; the others follow `apart_us` apart.
        batch_events: Events in each, some of them duplicates.
    """

    first_us: int
    batch_count: int
    batch_events: int = 1_000
    apart_us: int = 50

    def batches(self) -> Iterator[bytes]:
        """Batches in order, as NDJSON."""
        dice = random.Random(20_261_122)
        conversations: list[str] = []
        recent: list[str] = []
        number = 0
        for _ in range(self.batch_count):
            lines = []
            for _ in range(self.batch_events):
                if recent and dice.random() < _DUPLICATE_SHARE:
                    lines.append(dice.choice(recent))
                    continue
                lines.append(self._line(number, conversations, dice=dice))
                number += 1
            recent = lines
            yield "\n".join(lines).encode() + b"\n"

    def _line(self, number: int, conversations: list[str], *, dice: random.Random) -> str:
        if len(conversations) < OPEN_CONVERSATIONS or dice.random() < _NEW_SHARE:
            conversation = (
                f'"conversation_id":"con-{number}","customer_id":"cus-{number}","bot_id":"{dice.choice(_BOTS)}",'
                f'"bot_version":"{dice.randrange(3)}","channel":"{dice.choice(_CHANNELS)}"'
            )
            if len(conversations) < OPEN_CONVERSATIONS:
                conversations.append(conversation)
            else:
                conversations[dice.randrange(OPEN_CONVERSATIONS)] = conversation
        else:
            conversation = conversations[dice.randrange(len(conversations))]
        at_us = self.first_us + number * self.apart_us
        if dice.random() < _LATE_SHARE:
            at_us -= dice.randrange(_LATE_US_MAX)
        at = datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        actor = "customer" if number % 2 else "bot"
        return (
            f'{{"event_id":"e-{number}","occurred_at":"{at}.{at_us % 1_000_000:06}Z","actor":"{actor}",{conversation}}}'
        )
