"""Presets: published counting rules that the parameters express exactly, each a TOML file in `presets`."""

import tomllib
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Literal

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
    """Named preset.

    Raises:
        Missing: `policy_unknown`, with the nearest names.
    """
    named = _by_name().get(name)
    if named is None:
        near = get_close_matches(name, _by_name(), n=3, cutoff=0.4)
        hint = f"Did you mean {' or '.join(near)}?" if near else "`botmeter policy list` lists all names."
        raise Missing("policy_unknown", f"Unknown policy {name[:70]!r}. {hint}")
    return named


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
    facts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data["preset"].items()
    }
    return Preset(policy=policy_from_mapping(data["policy"]), **facts)
