"""Running sessions under a schedule, whose policies see the events that earlier ones leave free."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from botmeter.metering import kernel
from botmeter.metering.columns import Ints
from botmeter.metering.policy import Schedule
from botmeter.metering.running_states import IS_FREE, IS_LATE, OPENS_SESSION
from botmeter.metering.scope_states import Message, NextMessage, ScopeStates
from botmeter.metering.touchpoints import Touchpoint


class ScheduleScopes:
    """States of the scopes of each policy, in order of the schedule."""

    def __init__(self, schedule: Schedule, *, is_complete: bool) -> None:
        ends_us = [*(term.from_us for term in schedule[1:]), kernel.NEVER]
        self.terms = tuple(
            ScopeStates(term, until_us=end_us, is_complete=is_complete)
            for term, end_us in zip(schedule, ends_us, strict=True)
        )

    def __len__(self) -> int:
        return sum(map(len, self.terms))

    def add(self, events: pa.Table, *, touchpoints: list[Touchpoint]) -> Ints:
        """Add events, in any order; return the rows of those that open a session."""
        rows = np.arange(len(events))
        opening: list[Ints] = []
        for position, term in enumerate(self.terms):
            given = events if len(rows) == len(events) else events.take(pa.array(rows))
            outcomes = term.add(given, touchpoints=touchpoints)
            opening.append(rows[outcomes == OPENS_SESSION])
            late = rows[outcomes == IS_LATE]
            for later in self.terms[position + 1 :] if len(late) else ():
                # Whether these are free for it is unknown.
                later.forget(events.take(pa.array(late)), touchpoints=touchpoints)
            rows = rows[outcomes == IS_FREE]
        return np.concatenate(opening)

    def next_message(self, message: Message, *, at_us: int) -> NextMessage:
        """Outcome of a message after all events of its scopes, or at an instant if that is later.

        Raises:
            LookupError: The state of a scope is unknown.
        """
        at_us = max(at_us, *(term.latest_us(message) for term in self.terms))
        for term in self.terms:
            outcome = term.next_message(message, at_us=at_us)
            if outcome is not None:
                return outcome
        return NextMessage(opens_session=False)

    def begin_at(self, at_us: int) -> None:
        """Refuse events before an instant for scopes without a state."""
        for term in self.terms:
            term.begin_at(at_us)

    def remove_over(self, at_us: int) -> None:
        for term in self.terms:
            term.remove_over(at_us)

    def merge(self, other: "ScheduleScopes", messages: Sequence[Message]) -> None:
        for term, same in zip(self.terms, other.terms, strict=True):
            term.merge(same, [term.key_of(message) for message in messages])
