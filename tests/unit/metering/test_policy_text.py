"""A policy file says what it means, and a slip in it gets a sentence that names it."""

import pytest

from botmeter.domain.errors import Refused
from botmeter.metering.policy import FRESHCHAT, Match, Policy, Require
from botmeter.metering.policy_text import (
    POLICY_KEYS,
    duration_text,
    policy_as_mapping,
    policy_as_toml,
    policy_from_mapping,
    policy_from_text,
)

EVERY_KEY = Policy(
    name="every.key",
    version=3,
    scope=("conversation", "bot"),
    opens_on="exchange",
    max_duration_us=3_600_000_000,
    idle_timeout_us=1_800_000_001,
    idle_clock="customer",
    calendar="month",
    timezone="Asia/Kolkata",
    max_turns=100,
    turn_of="exchange",
    ends_on=frozenset({"customer_end", "restart"}),
    inclusive_end=True,
    match=Match(bot=frozenset({"b1"}), bot_version=frozenset({'"2"', "\\3"}), channel=frozenset({"wéb", "\x7f"})),
    exclude=frozenset({"preview", "auto_reply"}),
    participants="bot+agent",
    require=Require(min_customer=1, min_bot=2, max_agent=3),
)

TOML = """
name = "pva.billed"
scope = ["conversation"]
max_duration = "60m"
idle_timeout = "30m"
idle_clock = "customer"
inclusive_end = true
require = { min_bot = 1 }
"""
JSON = """{"name": "pva.billed", "scope": ["conversation"], "max_duration": "3600s", "idle_timeout": "30m",
  "idle_clock": "customer", "inclusive_end": true, "require": {"min_bot": 1}}"""


@pytest.mark.parametrize("policy", [Policy(), FRESHCHAT, EVERY_KEY], ids=lambda policy: policy.name)
def test_a_policy_written_as_toml_or_as_a_mapping_reads_back_the_same(policy: Policy) -> None:
    assert policy_from_text(policy_as_toml(policy)) == policy
    assert policy_from_mapping(policy_as_mapping(policy)) == policy


def test_json_and_toml_with_the_same_keys_are_the_same_policy() -> None:
    assert policy_from_text(JSON) == policy_from_text(TOML)


def test_a_policy_that_uses_every_parameter_is_written_with_every_key() -> None:
    assert tuple(policy_as_mapping(EVERY_KEY)) == POLICY_KEYS


def test_a_key_at_its_default_is_not_written() -> None:
    assert policy_as_mapping(Policy()) == {}
    assert policy_as_mapping(FRESHCHAT) == {"name": "freshchat.session", "max_duration": "1d"}


def test_a_file_without_a_name_is_called_after_the_hint() -> None:
    assert policy_from_text("max_turns = 1", name_hint="per-message").name == "per-message"
    assert policy_from_text('name = "mine"', name_hint="per-message").name == "mine"
    assert policy_from_text("", name_hint="a@b").name == "custom"


def test_a_byte_order_mark_and_a_preset_file_are_read() -> None:
    text = '\ufeff[preset]\ntitle = "x"\n[policy]\nname = "copied"\nmax_turns = 1\n'
    assert policy_from_text(text) == Policy(name="copied", max_turns=1)


@pytest.mark.parametrize(
    ("duration_us", "text"),
    [(86_400_000_000, "1d"), (90 * 60_000_000, "90m"), (30_000_000, "30s"), (250_000, "250ms"), (1, "1us")],
)
def test_a_duration_is_written_in_its_longest_whole_unit(duration_us: int, text: str) -> None:
    assert duration_text(duration_us) == text
    assert policy_from_mapping({"max_duration": text}).max_duration_us == duration_us


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('max_duraton = "3m"', "unknown key 'max_duraton'. Did you mean 'max_duration'?"),
        ("require = { min_bots = 1 }", "unknown key 'require.min_bots'. Did you mean 'require.min_bot'?"),
        ("max_turns = true", "max_turns must be a whole number, not true"),
        ('scope = "customer"', 'scope must be a list of texts, not "customer"'),
        ("scope = [1]", "scope must be a list of texts, not [1]"),
        ("idle_timeout = 30", "idle_timeout must be a whole number with a unit of s, m, h or d"),
        ('idle_timeout = "1.5h"', 'not "1.5h"'),
        ('max_duration = "1w"', 'not "1w"'),
        ('max_duration = "0m"', "max_duration must be above 0"),
        ('max_duration = "999999999999999d"', "at most 36525d"),
        ('inclusive_end = "yes"', 'inclusive_end must be true or false, not "yes"'),
        ("match = 3", "match must be a table with bot, bot_version or channel"),
        ("match = { channel = 'web' }", "match.channel must be a list of texts"),
        ('opens_on = "bot"', "opens_on has the invalid value 'bot'. Use customer, any, outbound, exchange"),
        ('ends_on = ["message"]', "ends_on has the invalid value 'message'"),
        ("x", "not valid TOML"),
        ("{", "not valid JSON"),
        ('{"max_turns": 1, "max_turns": 2}', "a key is present twice"),
        ("[" * 100_000, "not valid TOML"),
    ],
)
def test_a_slip_in_a_policy_file_gets_a_sentence_that_names_it(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        policy_from_text(text)
    assert refused.value.code == "policy_invalid"
    assert sentence in refused.value.message


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("scope = []", "scope must name at least one"),
        ('scope = ["bot", "bot"]', "scope contains a name twice"),
        ("max_turns = 0", "max_turns must be from 1"),
        ("version = 0", "version must be from 1"),
        ('name = ""', "1 to 64 characters"),
        ('name = "a@2"', "can't contain @"),
        ('name = "a\\u0000"', "can't contain @ or unprintable characters"),
        ("inclusive_end = true", "inclusive_end needs max_duration or idle_timeout"),
        ('timezone = "Europe/Rome"', "timezone needs calendar"),
        ('calendar = "day"\ntimezone = "Mars/Base"', "'Mars/Base' is not in the IANA time zone database"),
        ("require = { min_bot = -1 }", "require.min_bot must be from 0"),
        ("max_turns = 1\nrequire = { min_customer = 2 }", "require needs 2 messages, and max_turns = 1 allows fewer"),
        ('{"match": {"bot": ["\\ud800"]}}', "must be Unicode text"),
        ('exclude = [""]', "exclude contains an empty name"),
    ],
)
def test_a_policy_that_can_not_be_is_refused_with_the_reason(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        policy_from_text(text)
    assert refused.value.code == "policy_invalid"
    assert sentence in refused.value.message
