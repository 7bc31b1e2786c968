"""Text of amounts: the currency's decimals for amounts, all decimals for prices."""

from decimal import Decimal

import pytest

from botmeter.domain.money_text import change_in_money, money_text, percent_of_rate, unit_price_text, units_text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.5", "USD", "$1,234.50"),
        ("-0.1", "USD", "−$0.10"),
        ("0", "EUR", "€0.00"),
        ("1234567", "JPY", "¥1,234,567"),
        ("1.5", "KWD", "KWD\u202f1.500"),
        ("1.50", "HUF", "HUF\u202f1.50"),
        ("9", "CHF", "CHF\u202f9.00"),
        ("0.0001", "CLF", "CLF\u202f0.0001"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: str, currency: str, text: str) -> None:
    assert money_text(Decimal(amount), currency) == text


@pytest.mark.parametrize(
    ("price", "currency", "text"),
    [
        ("0.0075", "USD", "$0.0075"),
        ("49", "USD", "$49.00"),
        ("0.950", "USD", "$0.95"),
        ("1E+3", "USD", "$1,000.00"),
        ("0.5", "JPY", "¥0.5"),
        ("4900", "JPY", "¥4,900"),
        ("-0.00001", "EUR", "−€0.00001"),
    ],
)
def test_a_price_has_all_its_decimals(price: str, currency: str, text: str) -> None:
    assert unit_price_text(Decimal(price), currency) == text


def test_a_difference_has_its_sign_and_units_their_decimals() -> None:
    assert [change_in_money(Decimal(each), "USD") for each in ("2", "-2", "0")] == ["+$2.00", "−$2.00", "$0.00"]
    assert [units_text(Decimal(each)) for each in ("1250", "0.50", "-3", "1E+2", "7.000")] == [
        "1,250",
        "0.5",
        "−3",
        "100",
        "7",
    ]
    assert [percent_of_rate(Decimal(each)) for each in ("0.19", "0.075")] == ["19\u202f%", "7.5\u202f%"]
