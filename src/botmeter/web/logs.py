"""Lines of the log: one for each thing that happened, as text for people or as JSON for programs.

What customers wrote, keys and what was searched for never get in: a line has the fields that its writer names, a
fault's trace stands in it without its values (they are in the data folder's logs, under a reference), and
whatever looks like a key is struck out.
"""

import logging
import os
import re
import traceback
from pathlib import Path
from typing import Any, Final, Literal, get_args

import msgspec

from botmeter.domain.errors import Refused
from botmeter.domain.instant import text_from_us
from botmeter.web import request_ids

LogFormat = Literal["text", "json"]
FORMATS: Final[tuple[str, ...]] = get_args(LogFormat)
LEVELS: Final = ("debug", "info", "warning", "error")
LEVEL: Final = "warning"

# Keys of accounts, and those in the addresses of sources.
_KEY: Final = re.compile(r"\b(bm|wh)_[A-Za-z0-9_-]+")
# No second question mark before the equals sign: many of them alone would be looked through once for each.
_QUERY: Final = re.compile(r"\?[^\s\"'=?]*=[^\s\"']*")
_SOURCE: Final = str(Path(__file__).resolve().parents[2]) + os.sep
# What a line may not be broken by, nor a terminal be told.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_FRAMES_MAX: Final = 30


class TextLines(logging.Formatter):
    """`2026-11-22T14:05:00.123000Z INFO botmeter.access: answered route=report status=200 request_id=…`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        told = _told(record)
        head = f"{told.pop('time')} {told.pop('level').upper()} {told.pop('logger')}: {told.pop('message')}"
        return " ".join([head, *(f"{name}={value}" for name, value in told.items())])


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and what else is known."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return msgspec.json.encode(_told(record), enc_hook=str).decode()


def logging_config(form: str, level: str) -> dict[str, Any]:
    """Where lines go, for `logging.config.dictConfig`: to stderr, those of the server's own engine too.

    Args:
        form: One of FORMATS; another is taken as text.
        level: One of LEVELS; another is taken as the usual one.
    """
    least = (level.lower() if level.lower() in LEVELS else LEVEL).upper()
    lines = f"{__name__}.{'JsonLines' if form == 'json' else 'TextLines'}"
    own: dict[str, Any] = {"handlers": ["stderr"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": lines}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": least},
        "loggers": {
            # Refused requests are answered with a sentence and are no news for whoever runs the server; the line of
            # a request that failed is ours.
            "django.request": {"level": "CRITICAL"},
            "django.security": {"level": "ERROR"},
            "axes": {"level": "ERROR"},
            "_granian": {**own},
            "granian.access": {**own},
        },
    }


def checked_level(text: str) -> str:
    """Return the level in lower case; the default for an empty text.

    Raises:
        Refused: `log_level_unknown`.
    """
    level = (text or LEVEL).lower()
    if level not in LEVELS:
        raise Refused(
            "log_level_unknown", f"BOTMETER_LOG_LEVEL is {text!r:.40}; it must be one of {', '.join(LEVELS)}."
        )
    return level


def _told(record: logging.LogRecord) -> dict[str, Any]:
    told: dict[str, Any] = {
        "time": text_from_us(int(record.created * 1000) * 1000),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": _struck(record.getMessage()),
    }
    if request_ids.current.get():
        told["request_id"] = request_ids.current.get()
    for name, value in getattr(record, "fields", {}).items():
        told[name] = _struck(value) if isinstance(value, str) else value
    if record.exc_info and record.exc_info[1] is not None:
        told["exception"] = type(record.exc_info[1]).__qualname__
        told["trace"] = _places(record.exc_info[1])
    return told


def _struck(text: str) -> str:
    plain = _CONTROL.sub(" ", text).encode("utf-8", "backslashreplace").decode()
    return _QUERY.sub("?…", _KEY.sub(r"\1_…", plain))


def _places(problem: BaseException) -> str:
    """Where it happened, from the inside out; messages and values stay out, since they can be a customer's."""
    frames = reversed(traceback.extract_tb(problem.__traceback__)[-_FRAMES_MAX:])
    return _struck(
        " < ".join(f"{frame.filename.removeprefix(_SOURCE)}:{frame.lineno} {frame.name}" for frame in frames)
    )


def write_sentence(sentence: str) -> None:
    """Writes what the starting server says to people as a line of its log, whatever the least level is."""
    record = logging.LogRecord("botmeter.serve", logging.INFO, "", 0, sentence, (), None)
    for place in logging.getLogger().handlers:
        place.handle(record)
