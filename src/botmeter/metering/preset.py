"""Presets: published rules of the industry as policies, each with its source and its limits.

A preset says "X's published rule, as of a day": how that rule counts, never what X would charge.
Each is one TOML file in the folder `presets`, with the table `preset` (where it comes from) and the
table `policy` (what it is). Only rules that the parameters say exactly are here.
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
        source: Address of the page that the rule was read on.
        seen_on: Day on which it was read.
        confidence: `vendor` if that page is the vendor's own, `secondary` if someone else's.
        coverage: How well the parameters say the rule.
        assumptions: Sentences that must hold for the count to be that of the rule.
        needed_fields: Fields that the events must carry for it.
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
    """The preset called `name`.

    Raises:
        Missing: `policy_unknown` if there is none; the sentence has the nearest names.
    """
    found = _by_name().get(name)
    if found is None:
        near = get_close_matches(name, _by_name(), n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "`botmeter policy list` names them all."
        raise Missing("policy_unknown", f"There is no policy called {name[:70]!r}; {hint}")
    return found


def presets() -> tuple[Preset, ...]:
    """Every preset, by name."""
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
