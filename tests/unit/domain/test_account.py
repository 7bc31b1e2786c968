from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botmeter.domain.account import Account, checked_account_name
from botmeter.domain.errors import Refused


@pytest.mark.parametrize(
    ("name", "stored_name"), [("acme", "acme"), ("ACME", "acme"), ("a", "a"), ("4-you_2", "4-you_2")]
)
def test_an_account_is_called_by_letters_digits_dash_and_underscore_in_lower_case(name: str, stored_name: str) -> None:
    assert checked_account_name(name) == stored_name
    assert Account(name=name).name == stored_name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../acme",
        "a/b",
        "a\\b",
        "a.b",
        "-a",
        "a-",
        "_a",
        "a b",
        "a\n",
        "a\0",
        "café",
        "\u212a",
        "a" * 65,
        "\ud800",
        "...",
    ],
)
def test_a_name_that_could_leave_its_folder_or_mislead_is_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_account_name(name)
    assert refused.value.code == "account_name_invalid"
    refused.value.message.encode()


@given(st.text(max_size=80))
def test_a_valid_name_is_safe_as_a_file_name(name: str) -> None:
    try:
        stored_name = checked_account_name(name)
    except Refused:
        return
    assert 1 <= len(stored_name) <= 64
    assert set(stored_name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")
    assert checked_account_name(stored_name) == stored_name


def test_data_starts_on_4_february_2022_unless_the_account_says_otherwise() -> None:
    assert Account(name="acme").available_from == date(2022, 2, 4)


def test_an_account_is_called_by_its_title_or_else_by_its_name() -> None:
    assert Account(name="acme", title="  Maple & Moor ").title == "Maple & Moor"
    assert Account(name="acme", title="  ").title == "acme"
    assert Account(name="acme", title="Acme").own_title == "Acme"
    assert Account(name="acme", title="acme").own_title is None


@pytest.mark.parametrize("title", ["a" * 101, "two\nlines", "a\0b", "\x1b[31m", "a\u2028b", "\ud800"])
def test_a_title_that_does_not_fit_on_one_line_is_refused(title: str) -> None:
    with pytest.raises(Refused, match="is not a valid account title: it ") as refused:
        Account(name="acme", title=title)
    assert refused.value.code == "title_invalid"
    refused.value.message.encode()


@pytest.mark.parametrize("title", ["a" * 100, "<b>Acme</b>", "=1+1", "شركة", "👩‍🚀 & co"])
def test_a_title_may_hold_any_letters_that_can(title: str) -> None:
    assert Account(name="acme", title=title).title == title
