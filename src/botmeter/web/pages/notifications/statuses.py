"""Statuses of notifications."""

from enum import StrEnum
from typing import Final

from botmeter.people.notifications.topics import State


class Status(StrEnum):
    """Status as people read it."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    NOT_SENT = "not_sent"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()

    @property
    def kind(self) -> str:
        """Kind of the tag in `parts/state.html`."""
        return {Status.WAITING: "acc", Status.SENDING: "acc", Status.SENT: "ok", Status.FAILED: "bad"}.get(self, "")

    @property
    def states(self) -> list[str]:
        return [state.value for state, status in _STATUS_OF_STATE.items() if status is self]


_STATUS_OF_STATE: Final = {
    State.DUE: Status.WAITING,
    State.CLAIMED: Status.SENDING,
    State.RENDERED: Status.SENDING,
    State.HANDED_OVER: Status.SENT,
    State.FAILED: Status.FAILED,
    State.SUPERSEDED: Status.NOT_SENT,
}


def status_of(state: str) -> Status:
    """Status of a stored state."""
    return _STATUS_OF_STATE[State(state)]
