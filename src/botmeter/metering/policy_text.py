"""Policies as TOML or JSON: the parameters of `Policy`, with durations like `"30m"`."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from difflib import get_close_matches
from typing import Any, cast

import msgspec

from botmeter.domain.errors import Refused
from botmeter.metering.policy import DURATION_US_MAX, Match, Policy, Require

# From long to short: a duration is written in the longest unit that divides it. No published rule needs the two
# shortest; they make every policy writable.
_UNIT_US = {"d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
_DURATION = re.compile(r"(\d{1,18})(d|h|m|s|ms|us)", re.ASCII)
_DURATION_KEYS = ("max_duration", "idle_timeout")


def policy_from_text(text: str, *, name_hint: str = "custom") -> Policy:
    """Parse a policy, or a preset's `policy` table, from TOML or JSON; `name_hint` names an unnamed one.

    Raises:
        Refused: `policy_invalid`, naming the key or line.
    """
    data = _parsed(text.removeprefix("\ufeff"))
    inner = data.get("policy")
    if isinstance(inner, Mapping) and set(data) <= {"policy", "preset"}:
        data = inner
    named = name_hint if name_hint.isprintable() and "@" not in name_hint else ""
    return policy_from_mapping({"name": named[:64] or "custom", **data})


def policy_from_mapping(data: Mapping[str, object]) -> Policy:
    """Build a policy from the keys of a policy file.

    Raises:
        Refused: `policy_invalid` for an unknown key or a wrong type.
    """
    label = data.get("name", "custom")
    return Policy(**_arguments(data, _READERS, subject=f"Policy {label!r:.70}"))


def policy_as_mapping(policy: Policy) -> dict[str, object]:
    """Non-default keys of a policy."""
    written: dict[str, object] = {}
    for key, value in _changed(policy).items():
        if key.endswith("_us"):
            written[key.removesuffix("_us")] = duration_text(cast(int, value))
        else:
            written[key] = _plain(value)
    return written


def policy_as_toml(policy: Policy) -> str:
    """Format a policy as TOML, one line per non-default key."""
    return "".join(f"{key} = {_toml(value)}\n" for key, value in policy_as_mapping(policy).items())


def duration_text(duration_us: int) -> str:
    """Format a duration in its longest whole unit: 24 hours as `"1d"`."""
    unit = next(unit for unit, size_us in _UNIT_US.items() if duration_us % size_us == 0)
    return f"{duration_us // _UNIT_US[unit]}{unit}"


def _parsed(text: str) -> Mapping[str, object]:
    is_json = text.lstrip().startswith("{")
    try:
        data = json.loads(text, object_pairs_hook=_without_doubles) if is_json else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "JSON" if is_json else "TOML"
        raise Refused("policy_invalid", f"The policy is not valid {kind}: {error}.") from None
    return cast(Mapping[str, object], data)


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("a key is present twice")
    return data


# The reader of a key's value, with a description of the values that it accepts.
_Reader = Callable[[str, object], object]
_Readers = dict[str, tuple[str, _Reader]]


def _arguments(data: Mapping[str, object], readers: _Readers, *, subject: str, prefix: str = "") -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for key, value in data.items():
        if key not in readers:
            near = prefix + get_close_matches(str(key), readers, n=1, cutoff=0.0)[0]
            unknown = prefix + str(key)
            raise Refused("policy_invalid", f"{subject}: unknown key {unknown!r:.70}. Did you mean {near!r}?")
        expected, reader = readers[key]
        try:
            read = reader(subject, value)
        except (msgspec.ValidationError, ValueError):
            wrong = f"{subject}: {prefix}{key} must be {expected}, not {_excerpt(value)}."
            raise Refused("policy_invalid", wrong) from None
        arguments[f"{key}_us" if key in _DURATION_KEYS else key] = read
    return arguments


def _converter(kind: Any) -> _Reader:
    return lambda _subject, value: msgspec.convert(value, kind)


def _duration_us(_subject: str, value: object) -> int:
    match = _DURATION.fullmatch(msgspec.convert(value, str))
    if match is None:
        raise ValueError
    # Clipped just past the limit, so that the policy's own message names it.
    return min(int(match[1]) * _UNIT_US[match[2]], DURATION_US_MAX + 1)


def _table_reader(kind: type[Match | Require], readers: _Readers, *, prefix: str) -> _Reader:
    def table(subject: str, value: object) -> Match | Require:
        keys = msgspec.convert(value, dict[str, object])
        return kind(**_arguments(keys, readers, subject=subject, prefix=prefix))

    return table


_TEXT = ("a text", _converter(str))
_WHOLE = ("a whole number", _converter(int))
_TEXT_SET = ("a list of texts", _converter(frozenset[str]))
_DURATION_US = ('a whole number with a unit of s, m, h or d, such as "30m"', _duration_us)

_MATCH_READERS: _Readers = {"bot": _TEXT_SET, "bot_version": _TEXT_SET, "channel": _TEXT_SET}
_REQUIRE_READERS: _Readers = {"min_customer": _WHOLE, "min_bot": _WHOLE, "max_agent": _WHOLE}
_match = _table_reader(Match, _MATCH_READERS, prefix="match.")
_require = _table_reader(Require, _REQUIRE_READERS, prefix="require.")
_READERS: _Readers = {
    "name": _TEXT,
    "version": _WHOLE,
    "scope": ("a list of texts", _converter(tuple[str, ...])),
    "opens_on": _TEXT,
    "max_duration": _DURATION_US,
    "idle_timeout": _DURATION_US,
    "idle_clock": _TEXT,
    "calendar": _TEXT,
    "timezone": _TEXT,
    "max_turns": _WHOLE,
    "turn_of": _TEXT,
    "ends_on": _TEXT_SET,
    "inclusive_end": ("true or false", _converter(bool)),
    "match": ("a table with bot, bot_version or channel", _match),
    "exclude": _TEXT_SET,
    "participants": _TEXT,
    "require": (
        "a table with min_customer, min_bot or max_agent",
        _table_reader(Require, _REQUIRE_READERS, prefix="require."),
    ),
}
POLICY_KEYS = tuple(_READERS)
"""Every key of a policy file, in the order in which they are written and documented."""


def _changed(value: Policy | Match | Require) -> dict[str, object]:
    changed = {}
    for field in fields(value):
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if (now := getattr(value, field.name)) != default:
            changed[field.name] = now
    return changed


def _plain(value: object) -> object:
    if isinstance(value, (Match, Require)):
        return {key: _plain(inner) for key, inner in _changed(value).items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    # JSON's escapes are TOML's, but for the one control character that JSON leaves bare.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _excerpt(value: object) -> str:
    if isinstance(value, Mapping):
        return "a table"
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:60] + "…"
