"""Presets: published counting rules as policies, as of a day; never the vendor's prices.

Each is a TOML file in `presets`. Only rules that the parameters express exactly are here.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from botmeter.domain.errors import Missing
from botmeter.metering.policy import Policy
from botmeter.metering.policy_text import policy_from_mapping

Confidence = Literal["vendor", "secondary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A published rule as a policy.

    Attributes:
        title: "X's published rule for …, as of …".
        source: URL of the rule.
        confidence: `vendor` for the vendor's own page, else `secondary`.
        coverage: Fit of the parameters to the rule.
        assumptions: Conditions for equal counts.
    """

    policy: Policy
    title: str
    source: str
    seen_on: date
    confidence: Confidence
    coverage: str
    assumptions: tuple[str, ...]
    needed_fields: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.policy.name


def preset(name: str) -> Preset:
    """Return the named preset.

    Raises:
        Missing: `policy_unknown`, with the nearest names.
    """
    found = _by_name().get(name)
    if found is None:
        near = get_close_matches(name, _by_name(), n=3, cutoff=0.4)
        hint = f"Did you mean {' or '.join(near)}?" if near else "`botmeter policy list` lists all names."
        raise Missing("policy_unknown", f"Unknown policy {name[:70]!r}. {hint}")
    return found


def presets() -> tuple[Preset, ...]:
    """Return every preset, by name."""
    return tuple(_by_name().values())


@cache
def _by_name() -> dict[str, Preset]:
    folder = files("botmeter.metering") / "presets"
    read = (_preset_from(entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return {preset.name: preset for preset in sorted(read, key=lambda preset: preset.name)}


def _preset_from(text: str) -> Preset:
    data = tomllib.loads(text)
    about = cast(Mapping[str, object], data["preset"])
    return Preset(
        policy=policy_from_mapping(cast(Mapping[str, object], data["policy"])),
        title=cast(str, about["title"]),
        source=cast(str, about["source"]),
        seen_on=cast(date, about["seen_on"]),
        confidence=cast(Confidence, about["confidence"]),
        coverage=cast(str, about["coverage"]),
        assumptions=tuple(cast(list[str], about["assumptions"])),
        needed_fields=tuple(cast(list[str], about["needed_fields"])),
    )
