"""Log lines, as text or JSON.

Only named fields are logged, never customers' texts or search terms; keys are redacted. Traces omit values, which are
in the data folder's logs under a reference.
"""

import logging
import os
import re
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, Final

import msgspec

from botmeter.domain.instant import text_from_us
from botmeter.domain.setting_values import LogFormat, LogLevel
from botmeter.web import request_ids

# Keys of accounts and of source addresses.
_KEY: Final = re.compile(r"\b(bm|wh)_[A-Za-z0-9_-]+")
# No second question mark before the equals sign: a run of them would take quadratic time.
_QUERY: Final = re.compile(r"\?[^\s\"'=?]*=[^\s\"']*")
_SOURCE: Final = str(Path(__file__).resolve().parents[2]) + os.sep
# Characters that break lines or control terminals.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_FRAMES_MAX: Final = 30
_FIELD_CHARACTERS_MAX: Final = 4_000
"""30 frames of a trace; a client's header can have 128 KB."""


class TextLines(logging.Formatter):
    """`2026-11-22T14:05:00.123000Z INFO botmeter.access: answered route=report status=200 request_id=…`."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        head = f"{fields.pop('time')} {fields.pop('level').upper()} {fields.pop('logger')}: {fields.pop('message')}"
        return " ".join([head, *(f"{name}={value}" for name, value in fields.items())])


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        return msgspec.json.encode(_fields(record), enc_hook=str).decode()


def logging_config(form: LogFormat, level: LogLevel) -> dict[str, Any]:
    """`logging.config.dictConfig` for stderr, including Granian's."""
    lines = f"{__name__}.{'JsonLines' if form == 'json' else 'TextLines'}"
    own: dict[str, Any] = {"handlers": ["stderr"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": lines}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            # Refusals need no line, and failures have our own.
            "django.request": {"level": "CRITICAL"},
            "django.security": {"level": "CRITICAL"},
            "_granian": {**own},
            "granian.access": {**own},
        },
    }


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "time": text_from_us(int(record.created * 1000) * 1000),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": _redacted(record.getMessage()),
    }
    if request_ids.current.get():
        fields["request_id"] = request_ids.current.get()
    for name, value in getattr(record, "fields", {}).items():
        fields[name] = value if isinstance(value, int | float | None) else _redacted(str(value))
    if record.exc_info and record.exc_info[1] is not None:
        fields["exception"] = type(record.exc_info[1]).__qualname__
        fields["trace"] = _frames(record.exc_info[1])
    return fields


def _redacted(text: str) -> str:
    if len(text) > _FIELD_CHARACTERS_MAX:
        text = f"{text[:_FIELD_CHARACTERS_MAX]}… ({len(text):,} characters)"
    plain = _CONTROL.sub(" ", text).encode("utf-8", "backslashreplace").decode()
    return _QUERY.sub("?…", _KEY.sub(r"\1_…", plain))


def _frames(problem: BaseException) -> str:
    # Format the stack without messages and values, which can be customers'.
    frames = reversed(traceback.extract_tb(problem.__traceback__)[-_FRAMES_MAX:])
    return _redacted(
        " < ".join(f"{frame.filename.removeprefix(_SOURCE)}:{frame.lineno} {frame.name}" for frame in frames)
    )


def log_uncaught_exceptions() -> None:
    """Log what no code catches, in threads too, without its values; Python would print a trace."""
    log = logging.getLogger(__name__)

    def uncaught(problem: BaseException | None) -> None:
        if problem is not None and not isinstance(problem, KeyboardInterrupt | SystemExit):
            log.error("uncaught exception", exc_info=problem)

    sys.excepthook = lambda _, problem, __: uncaught(problem)
    sys.unraisablehook = lambda args: uncaught(args.exc_value)
    threading.excepthook = lambda args: uncaught(args.exc_value)
    # A line that can't be written, as to a file on a full disk, is lost.
    logging.raiseExceptions = False


def write_sentence(sentence: str) -> None:
    """Log a startup message at any level."""
    record = logging.LogRecord("botmeter.serve", logging.INFO, "", 0, sentence, (), None)
    for handler in logging.getLogger().handlers:
        handler.handle(record)
