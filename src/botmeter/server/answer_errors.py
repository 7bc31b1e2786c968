"""Owner's errors as messages to other processes."""

from typing import Any

from botmeter.domain.errors import (
    BotmeterError,
    Conflict,
    Missing,
    NotAllowed,
    Refused,
    TooMuch,
    Unavailable,
    with_notes,
)

_FAMILIES = {family.__name__: family for family in (Refused, Missing, NotAllowed, Conflict, TooMuch)}


def answer_with_error(error: BotmeterError) -> dict[str, Any]:
    """Answer for `raise_error_in`."""
    after = getattr(error, "retry_after_seconds", None)
    family = type(error).__name__
    return {"error": {"family": family, "code": error.code, "message": with_notes(error), "retry_after_seconds": after}}


def answer_with_bug(sentence: str) -> dict[str, Any]:
    """Answer for a bug."""
    return {"bug": sentence}


def raise_error_in(answer: dict[str, Any]) -> None:
    """Raise an answer's error, if any; RuntimeError for a bug."""
    if "bug" in answer:
        raise RuntimeError(answer["bug"])
    error = answer.get("error")
    if error is None:
        return
    family = _FAMILIES.get(error["family"])
    if family is not None:
        raise family(error["code"], error["message"])
    raise Unavailable(error["code"], error["message"], retry_after_seconds=error["retry_after_seconds"])
