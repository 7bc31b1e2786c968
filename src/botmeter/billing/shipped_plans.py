"""Shipped plans, each a TOML file in `plans`."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from botmeter.billing.plan import Plan
from botmeter.billing.plan_text import plan_from_text
from botmeter.domain.errors import Missing
from botmeter.domain.shipped_definitions import near_names_hint, shipped_texts
from botmeter.sources.definition_file import definition_file


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedPlan:
    """Plan and its file, whose comments say what the price leaves out."""

    plan: Plan
    text: str


def shipped_plan(name: str) -> ShippedPlan:
    """Shipped plan of that name.

    Raises:
        Missing: `plan_unknown`, with the nearest names.
    """
    named = _by_name().get(name)
    if named is None:
        hint = near_names_hint(name, _by_name(), command="plan")
        raise Missing("plan_unknown", f"Unknown plan {name[:70]!r}. {hint}")
    return named


def shipped_plans() -> tuple[ShippedPlan, ...]:
    """Every shipped plan, by name."""
    return tuple(_by_name().values())


@cache
def _by_name() -> dict[str, ShippedPlan]:
    texts = shipped_texts("botmeter.billing", "plans").values()
    read = (ShippedPlan(plan=plan_from_text(text), text=text) for text in texts)
    return {each.plan.name: each for each in sorted(read, key=lambda each: each.plan.name)}


def plan_named(text: str, *, cwd: Path | None = None, stdin: BinaryIO | None = None) -> Plan:
    """Shipped plan of that name, or plan in that file; in `stdin` for `-`.

    Raises:
        Missing: `plan_unknown`, `plan_file_missing`.
        Refused: `plan_file_unreadable`, `plan_invalid`.
    """
    file = definition_file(text, noun="plan", cwd=cwd, stdin=stdin)
    return shipped_plan(text).plan if file is None else plan_from_text(file.text, name_hint=file.name_hint)
