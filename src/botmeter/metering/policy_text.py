"""Policies as TOML or JSON, with durations like `"30m"`."""

import re
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from botmeter.domain.errors import Refused
from botmeter.metering.definition_text import (
    Reader,
    Readers,
    Section,
    arguments,
    changed,
    converter,
    parsed,
    toml_value,
)
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
    data = parsed(text, noun="policy", refusal=_refusal)
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
    section = Section(refusal=_refusal, subject=f"Policy {label!r:.70}")
    return Policy(**_arguments(data, _READERS, section=section))


def _refusal(sentence: str) -> Refused:
    return Refused("policy_invalid", sentence)


def policy_as_mapping(policy: Policy) -> dict[str, object]:
    """Non-default keys of a policy."""
    written: dict[str, object] = {}
    for key, value in changed(policy).items():
        if key.endswith("_us"):
            written[key.removesuffix("_us")] = duration_text(cast(int, value))
        else:
            written[key] = _plain(value)
    return written


def policy_as_toml(policy: Policy) -> str:
    """Format a policy as TOML, one line per non-default key."""
    return "".join(f"{key} = {toml_value(value)}\n" for key, value in policy_as_mapping(policy).items())


def duration_text(duration_us: int) -> str:
    """Format a duration in its longest whole unit: 24 hours as `"1d"`."""
    unit = next(unit for unit, size_us in _UNIT_US.items() if duration_us % size_us == 0)
    return f"{duration_us // _UNIT_US[unit]}{unit}"


def _arguments(data: Mapping[str, object], readers: Readers, *, section: Section) -> dict[str, Any]:
    read = arguments(data, readers, section=section)
    return {f"{key}_us" if key in _DURATION_KEYS else key: value for key, value in read.items()}


def _duration_us(_section: Section, value: object) -> int:
    match = _DURATION.fullmatch(msgspec.convert(value, str))
    if match is None:
        raise ValueError
    # Clipped just past the limit, so that the policy's own message names it.
    return min(int(match[1]) * _UNIT_US[match[2]], DURATION_US_MAX + 1)


def _table_reader(kind: type[Match | Require], readers: Readers, *, prefix: str) -> Reader:
    def table(section: Section, value: object) -> Match | Require:
        keys = msgspec.convert(value, dict[str, object])
        return kind(**arguments(keys, readers, section=section.within(prefix)))

    return table


_TEXT = ("a text", converter(str))
_WHOLE = ("a whole number", converter(int))
_TEXT_SET = ("a list of texts", converter(frozenset[str]))
_DURATION_US = ('a whole number with a unit of s, m, h or d, such as "30m"', _duration_us)

_MATCH_READERS: Readers = {"bot": _TEXT_SET, "bot_version": _TEXT_SET, "channel": _TEXT_SET}
_REQUIRE_READERS: Readers = {"min_customer": _WHOLE, "min_bot": _WHOLE, "max_agent": _WHOLE}
_match = _table_reader(Match, _MATCH_READERS, prefix="match.")
_require = _table_reader(Require, _REQUIRE_READERS, prefix="require.")
_READERS: Readers = {
    "name": _TEXT,
    "version": _WHOLE,
    "scope": ("a list of texts", converter(tuple[str, ...])),
    "opens_on": _TEXT,
    "max_duration": _DURATION_US,
    "idle_timeout": _DURATION_US,
    "idle_clock": _TEXT,
    "calendar": _TEXT,
    "timezone": _TEXT,
    "max_turns": _WHOLE,
    "turn_of": _TEXT,
    "ends_on": _TEXT_SET,
    "inclusive_end": ("true or false", converter(bool)),
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


def _plain(value: object) -> object:
    if isinstance(value, (Match, Require)):
        return {key: _plain(inner) for key, inner in changed(value).items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value
