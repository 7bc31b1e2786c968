"""Presets: published counting rules, each a TOML file in `presets`."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from botmeter.domain.errors import Missing
from botmeter.domain.shipped_definitions import near_names_hint, shipped_texts
from botmeter.metering.policy import Policy
from botmeter.metering.policy_text import policy_from_mapping

Confidence = Literal["vendor", "secondary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Published rule as a policy.

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
        hint = near_names_hint(name, _by_name(), command="policy")
        raise Missing("policy_unknown", f"Unknown policy {name[:70]!r}. {hint}")
    return named


def presets() -> tuple[Preset, ...]:
    """Every preset, by name."""
    return tuple(_by_name().values())


@cache
def _by_name() -> dict[str, Preset]:
    read = map(_preset_from, shipped_texts("botmeter.metering", "presets").values())
    return {preset.name: preset for preset in sorted(read, key=lambda preset: preset.name)}


def _preset_from(text: str) -> Preset:
    data = tomllib.loads(text)
    facts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data["preset"].items()
    }
    return Preset(policy=policy_from_mapping(data["policy"]), **facts)
