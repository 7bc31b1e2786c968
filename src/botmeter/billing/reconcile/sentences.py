"""Differences in words."""

from collections.abc import Mapping
from typing import Final

from botmeter.billing.reconcile.differences import Kind, Reason

KIND_LABELS: Final[Mapping[Kind, str]] = {
    Kind.SAME: "Same",
    Kind.OTHER_DAY: "Other day",
    Kind.ONLY_THEIRS: "Only theirs",
    Kind.ONLY_OURS: "Only ours",
}
REASON_LABELS: Final[Mapping[Reason, str]] = {
    Reason.DUPLICATE: "Duplicate row",
    Reason.ZONE: "Time zone",
    Reason.CORRECTED: "Corrected session",
    Reason.PREVIEW: "Preview",
    Reason.LATE: "Late event",
    Reason.WINDOW: "Session window",
    Reason.SCOPE: "Scope",
    Reason.PERIOD: "Outside the period",
    Reason.NONE: "No likely reason",
}
_GENERAL: Final[Mapping[Reason, str]] = {
    Reason.DUPLICATE: "The same row is in their list more than once.",
    Reason.ZONE: "With their times shifted by the difference between the time zones, the session is on both sides.",
    Reason.CORRECTED: "It was marked as void or as a test, so that your own bill does not charge it either.",
    Reason.PREVIEW: "A test session, which the vendor may not charge.",
    Reason.PERIOD: "It starts outside the period of the bill.",
    Reason.NONE: "No likely reason was found.",
}
_SPECIAL: Final[Mapping[tuple[Kind, Reason], str]] = {
    (Kind.OTHER_DAY, Reason.LATE): "The vendor counts it when its first message was received, not when it was sent.",
    (Kind.ONLY_OURS, Reason.LATE): "Its first message was received after the end of the period.",
    (Kind.OTHER_DAY, Reason.WINDOW): "One side counts from an earlier message than the other.",
    (Kind.ONLY_THEIRS, Reason.WINDOW): "It starts while our session of the same customer is still running.",
    (Kind.ONLY_OURS, Reason.WINDOW): "It starts less than 24 hours after a session of the same customer on their list.",
    (Kind.ONLY_THEIRS, Reason.SCOPE): (
        "They charge another conversation of a customer whose session is running, or a bot or channel that is not ours."
    ),
    (Kind.ONLY_OURS, Reason.SCOPE): "Its bot or channel is on none of their rows.",
}


def reason_sentence(kind: Kind, reason: Reason) -> str:
    """Explain the likely reason of a difference."""
    return _SPECIAL.get((kind, reason)) or _GENERAL[reason]
