"""Every preset says where it comes from and under which assumptions it is exact."""

import re
from importlib.resources import files

import pytest

from botmeter.domain.errors import Missing
from botmeter.domain.event import FIELDS
from botmeter.metering.policy import FRESHCHAT
from botmeter.metering.preset import Preset, preset, presets

PRESETS = pytest.mark.parametrize("each", presets(), ids=lambda each: each.name)


def test_the_default_policy_is_a_preset() -> None:
    assert preset("freshchat.session").policy == FRESHCHAT


def test_presets_are_in_the_order_of_their_names_and_none_is_there_twice() -> None:
    names = [each.name for each in presets()]
    assert names == sorted(set(names))
    folder = files("botmeter.metering") / "presets"
    assert names == sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir())


@PRESETS
def test_a_preset_is_worded_as_a_published_rule_of_a_day(each: Preset) -> None:
    assert re.search(r"(’s|'s|s') published rule for .+, as of \d{4}-\d\d-\d\d$", each.title)
    assert len(each.source) > 10
    assert each.confidence in {"vendor", "secondary"}
    assert each.coverage in {"exact: segment parameters", "exact: with filters"}
    assert all(sentence.endswith(".") for sentence in each.assumptions)


@PRESETS
def test_a_preset_needs_only_fields_that_an_event_has(each: Preset) -> None:
    assert each.needed_fields
    assert {name.split(".")[0] for name in each.needed_fields} <= set(FIELDS)


@PRESETS
def test_a_preset_needs_every_field_that_its_policy_reads(each: Preset) -> None:
    policy = each.policy
    used_fields = {f"{name}_id" if name != "channel" else name for name in policy.scope}
    used_fields |= {"channel"} if policy.match.channel else set()
    used_fields |= {"kind"} if policy.ends_on else set()
    used_fields |= {flag if flag == "preview" else f"attributes.{flag}" for flag in policy.exclude}
    used_fields |= {"bot_id"} if policy.participants == "bot" else set()
    assert used_fields <= set(each.needed_fields)


def test_an_unknown_preset_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(Missing, match=r"Did you mean freshchat\.session") as missing:
        preset("freschat.sesion")
    assert missing.value.code == "policy_unknown"
    with pytest.raises(Missing, match="policy list"):
        preset("%%%")
