"""Subjects of notifications, and the ways to send one."""

from enum import StrEnum


class Topic(StrEnum):
    """Subject of a notification."""

    ALERT = "alert"
    REPORT = "report"
    STATEMENT_CLOSED = "statement_closed"
    CAP_REACHED = "cap_reached"
    ALLOWANCE_EXHAUSTED = "allowance_exhausted"
    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the word, not one
    DESTINATION_OFF = "destination_off"
    TEST = "test"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class Channel(StrEnum):
    """Way to send a notification."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    CHAT = "chat"
    FOLDER = "folder"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class State(StrEnum):
    """State of a notification: due, being sent, or finished."""

    DUE = "due"
    CLAIMED = "claimed"
    RENDERED = "rendered"
    HANDED_OVER = "handed_over"
    FAILED = "failed"
    SUPERSEDED = "superseded"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()
