"""Display names: one line of text that can't change what is around it, by one rule for all kinds of names."""

import pytest

from botmeter.domain.account import Account
from botmeter.domain.display_name import display_name_fault, required_name_fault, without_unfit_characters
from botmeter.domain.errors import Refused
from botmeter.domain.source import BotIdentity, Source, checked_source_name
from botmeter.ledger.settings import BotName
from botmeter.people.keys import KeyDraft, Scope
from botmeter.people.shares import ShareDraft

# Line ends, controls of terminals, C1 controls, separators, and all that reorder text.
UNFIT = [*"\n\r\t\0\x1b\x7f\x85\u2028\u2029", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))]


@pytest.mark.parametrize("letter", [*UNFIT, "\ud800"])
def test_a_character_that_breaks_a_line_or_reorders_it_is_named(letter: str) -> None:
    assert f"U+{ord(letter):04X}" in str(display_name_fault(f"a{letter}b"))
    assert without_unfit_characters(f"a{letter}b") == "ab"


@pytest.mark.parametrize("name", ["", "Maple & Moor", "Zoë 🧑🏽‍💻", "شركة\u200f (2)", "می‌خواهم", "x" * 100])
def test_names_of_all_scripts_fit(name: str) -> None:
    assert display_name_fault(name) is None
    assert without_unfit_characters(name) == name


def test_a_required_name_has_1_to_100_characters() -> None:
    assert required_name_fault("") == "it is empty"
    assert required_name_fault("x" * 101) == "it has 101 characters, and the limit is 100"


@pytest.mark.parametrize("letter", UNFIT)
def test_every_kind_of_name_is_held_to_it(letter: str) -> None:
    name = f"a{letter}b"
    attempts = [
        lambda: Account(name="acme", title=name),
        lambda: BotName(bot_id="b", name=name),
        lambda: KeyDraft(name=name, scopes=(Scope.ADMIN,)),
        lambda: ShareDraft(name=name, query="", lasting_days=7),
        lambda: Source(name="s", platform="rasa", bot_name=name),
        lambda: BotIdentity(sender="s", bot_id="b", bot_name=name),
        lambda: checked_source_name(name),
    ]
    for attempt in attempts:
        with pytest.raises(Refused):
            attempt()
