"""The page about policy files names what a policy file can hold."""

import re
from pathlib import Path

from botmeter.metering.policy import NAMES_ALLOWED
from botmeter.metering.policy_text import POLICY_KEYS, policy_from_text

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "reference" / "policy.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.split("## What is refused")[0], re.MULTILINE))


def test_the_page_has_one_row_for_each_key_in_their_order() -> None:
    assert tuple(ROWS) == POLICY_KEYS


def test_the_page_names_every_allowed_value() -> None:
    for key, names in NAMES_ALLOWED.items():
        for name in names:
            assert f"`{name}`" in ROWS[key], f"policy.md does not say that {key} can be {name}"


def test_the_example_of_the_page_is_a_policy() -> None:
    example = PAGE.split("```toml")[1].split("```")[0]
    assert policy_from_text(example).label == "pva.billed@1"


def test_the_page_about_sessions_explains_every_key_but_name_and_version() -> None:
    sessions = (DOCS / "concepts" / "sessions.md").read_text("utf-8")
    assert [key for key in POLICY_KEYS[2:] if f"`{key}`" not in sessions and f"`{key} = " not in sessions] == []
