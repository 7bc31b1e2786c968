"""Lines of events as senders write them and as they break, and what is read of them with and without the scanner."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import pytest

from botmeter.domain.errors import BotmeterError
from botmeter.domain.event import ACTOR_BY_NAME, FIELDS, KIND_BY_NAME, REQUIRED_FIELDS
from botmeter.domain.receipt import Rejection
from botmeter.sources import json_records
from botmeter.sources.json_text import elements
from botmeter.sources.reader import SourceFile, batches

_LENGTHS: Final = (1, 2, 6, 7, 8, 9, 15, 16, 17, 23, 24, 25, 36, 63, 64, 65, 511, 512)
_TEXTS: Final = (
    "a",
    "bot-1",
    "v 2",
    "null",
    "été",
    "漢字",
    "\U0001f600",
    "0",
    "a\u2028b",
    "a/b",
    "{",
    "}",
    ",",
    ":",
    "'",
)
_ODD_TEXTS: Final = ("", "\0", '"', "\\", "\n", "\x1f", "\x7f", "\ud800", "x" * 513, "é" * 257, "a\\", '\\"')
_ODD_VALUES: Final = (-7, 10**17, 10**18, 10**30, 1.5, 1e30, True, False, [], ["a"], {}, {"a": 1}, None, *_ODD_TEXTS)
_ATTRIBUTES: Final = (
    {},
    {"campaign": "spring"},
    {"b": 1, "a": [1, {"c": None}], "z": {"y": {}}},
    {"text": 'a "b" \\ {c} \n é 漢'},
    {"number": 1.50, "large": 10**20, "exponent": 1e300},
)
_ODD_ATTRIBUTES: Final = ({"a": "\0"}, {"a": "\ud800"}, {"a": "x" * 65_530}, '{"a": 1}', "null", "{", [], 1, True)
_DAYS: Final = ("2026-11-22", "2024-02-29", "2000-02-29", "0002-01-02", "9998-12-30", "1969-12-31", "1970-03-01")
_ODD_DAYS: Final = (
    *("2025-02-29", "1900-02-29", "0001-12-31", "9998-12-31", "9999-01-01", "0000-01-01", "2026-04-31"),
    *("2026-13-01", "2026-00-10", "2026-01-00", "20261122", "2026-1-02", "2026-11-2x", "26-11-22"),
)
_CLOCKS: Final = ("10:00:00", "23:59:59", "00:00:00.1", "10:00:00.123456", "10:00:00.1234567", "10:00:00.1234567890")
_ODD_CLOCKS: Final = (
    *("10:00", "24:00:00", "23:60:00", "23:59:60", "10:00:00.", "10:00:00,5", "1:00:00", "100000", "10.00.00"),
    *("10:00:0x", "10:00:00.1x", "10:00:00." + 40 * "1"),
)
_OFFSETS: Final = ("Z", "Z", "Z", "+00:00", "-00:00", "+05:30", "-0800", "+01", "-23:59")
_ODD_OFFSETS: Final = ("z", "", "+24:00", "+05:60", " Z", " UTC", "Z ", "ZZ", "+5", "+05:3", "+05-30", "*05:30")
_TOKENS: Final = (
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"null", b"nul", b"true", b"1", b"-", b".5", b"e5", b" ", b"\t"),
    *(b"\r", b"\x0b", b"\0", b"\x1f", b"\x7f", b"\x80", b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xef\xbb\xbf"),
    *(b"\\u0041", b"\\n", b"\n", b"\n\n", b"\r\n"),
    *(b'"event_id":"twice",', b'"kind":null,', b'"specversion":"1.0",', b'"other":1,'),
)
_ODD_LINES: Final = (b"", b" ", b"\t\r", b"[]", b"1", b"{}", b'""', b"\xff", b"{", b"null")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Content of a file, with the error that ended it."""

    events: list[dict[str, Any]]
    positions: list[int]
    rejections: list[Rejection]
    fault: str


def read_lines(content: bytes, *, scans: bool, block_bytes: int = 16 << 20) -> Read:
    """Read lines, each by the scanner if it can or all without it."""
    read = Read(events=[], positions=[], rejections=[], fault="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_records, "SCANNED_BYTES_MIN", 0 if scans else 1 << 62)
        patch.setattr(elements, "BLOCK_BYTES", block_bytes)
        try:
            for batch in batches(SourceFile(path="-", content=io.BytesIO(content), format="ndjson")):
                batch.events.validate(full=True)
                read.events.extend(batch.events.to_pylist())
                read.positions.extend(batch.positions.to_pylist())
                read.rejections.extend(batch.rejections)
        except BotmeterError as fault:
            return Read(events=read.events, positions=read.positions, rejections=read.rejections, fault=repr(fault))
    return read


def lines_of(random: Random) -> bytes:
    """Lines of which most are plain."""
    count = random.choice([1, 2, 8, 30])
    lines = [_line(random, is_odd=random.random() < 0.15) for _ in range(count)]
    for _ in range(random.choice([0, 0, 1, count // 4])):
        row = random.randrange(count)
        lines[row] = _broken(lines[row], random)
    for _ in range(random.choice([0, 0, 0, 2])):
        lines.insert(random.randrange(len(lines) + 1), random.choice(_ODD_LINES))
    ending = random.choice([b"\n", b"\n", b"\r\n"])
    content = ending.join(lines) + random.choice([b"", ending, ending, 2 * ending, b" ", b"\0"])
    return content[: random.randrange(len(content))] if random.random() < 0.1 else content


def _line(random: Random, *, is_odd: bool) -> bytes:
    names = [name for name in FIELDS if name in REQUIRED_FIELDS or random.random() < 0.7]
    if random.random() < 0.2:
        random.shuffle(names)
    odd_names = random.sample(names, random.choice([0, 1, 1, 2])) if is_odd else []
    are_escaped = is_odd and random.random() < 0.3
    space = _spaces(random)
    written = []
    for name in names:
        value = _odd_value(name, random) if name in odd_names else _value(name, random)
        text = json.dumps(value, ensure_ascii=are_escaped)
        written.append(f'{space()}"{name}"{space()}:{space()}{text}{space()}')
    return f"{space()}{{{','.join(written)}}}{space()}".encode("utf-8", "surrogatepass")


def _spaces(random: Random) -> Callable[[], str]:
    if random.random() < 0.7:
        return lambda: ""
    return lambda: random.choice(["", "", " ", "  ", "\t", " \t\r "])


def _value(name: str, random: Random) -> object:
    match name:
        case "occurred_at":
            return f"{random.choice(_DAYS)}{random.choice('TTT ')}{random.choice(_CLOCKS)}{random.choice(_OFFSETS)}"
        case "actor":
            return random.choice([*ACTOR_BY_NAME])
        case "kind":
            return random.choice([*KIND_BY_NAME, None, ""])
        case "preview":
            return random.choice([True, False, None])
        case "attributes":
            return random.choice([None, None, *_ATTRIBUTES])
        case _ if name in REQUIRED_FIELDS:
            return _text(random)
        case _:
            return random.choice([None, "", _text(random)])


def _odd_value(name: str, random: Random) -> object:
    if random.random() < 0.3:
        return random.choice(_ODD_VALUES)
    match name:
        case "occurred_at":
            parts = [[_DAYS, _ODD_DAYS], ["T", "t_-"], [_CLOCKS, _ODD_CLOCKS], [_OFFSETS, _ODD_OFFSETS]]
            return "".join(random.choice(odd if random.random() < 0.4 else plain) for plain, odd in parts)
        case "actor" | "kind":
            return random.choice(["user", "Bot", "bot ", 1])
        case "preview":
            return random.choice(["true", "no", 1, "maybe"])
        case "attributes":
            return random.choice(_ODD_ATTRIBUTES)
        case _:
            return random.choice(_ODD_TEXTS)


def _text(random: Random) -> object:
    length = random.choice(_LENGTHS)
    return random.choice(
        [*_TEXTS, random.randrange(10 ** random.randrange(1, 18)), "x" * length, "é" * (length // 2) + "x"]
    )


def _broken(line: bytes, random: Random) -> bytes:
    start = random.randrange(len(line) + 1)
    match random.randrange(4):
        case 0:
            return line[:start] + random.choice(_TOKENS) + line[start:]
        case 1:
            return line[:start] + random.choice(_TOKENS) + line[start + 1 :]
        case 2:
            return line[:start] + line[start + random.choice([1, 2, 8, 200]) :]
        case _:
            end = start + random.choice([1, 10, 40])
            return line[:end] + line[start:]
