import inspect

import pytest

from botmeter.domain import errors
from botmeter.domain.receipt import Receipt

FAMILIES = [family for _, family in inspect.getmembers(errors, inspect.isclass) if family.__module__ == errors.__name__]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_drawn_in_the_tree(family: type) -> None:
    assert errors.__doc__ is not None
    assert family.__name__ in errors.__doc__


@pytest.mark.parametrize("family", FAMILIES)
def test_an_error_has_its_code_and_message(family: type[errors.BotmeterError]) -> None:
    error = family("ledger_busy", "The ledger is in use by process 7.")
    assert error.code == "ledger_busy"
    assert str(error) == error.message == "The ledger is in use by process 7."


def test_errors_to_fix_and_errors_to_retry_are_two_families() -> None:
    mendable = {errors.Missing, errors.NotAllowed, errors.Conflict, errors.TooMuch}
    assert all(issubclass(family, errors.Refused) for family in mendable)
    assert not issubclass(errors.Unavailable, errors.Refused)


def test_a_receipt_accounts_for_every_event() -> None:
    assert Receipt(accepted=5, duplicates=2, conflicts=1, rejected=3).total == 11
