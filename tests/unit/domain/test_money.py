"""Money: exponents of currencies, rounding, and shares that add up."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botmeter.domain.errors import Refused
from botmeter.domain.money import apportioned, decimals_of, exact, rounded

WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("currency", "decimals"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("IQD", 3), ("HUF", 2), ("CLF", 4)]
)
def test_a_currency_has_the_decimals_of_iso_4217(currency: str, decimals: int) -> None:
    assert decimals_of(currency) == decimals


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(Refused, match="Currency 'EURO' is not in ISO 4217") as refused:
        decimals_of("EURO")
    assert refused.value.code == "currency_unknown"


@pytest.mark.parametrize(
    ("amount", "currency", "printed"),
    [
        ("0.005", "USD", "0.01"),
        ("-0.005", "USD", "-0.01"),
        ("222.5450", "USD", "222.55"),
        ("1.50", "HUF", "1.50"),
        ("2.5", "JPY", "3"),
        ("0.00049", "KWD", "0.000"),
    ],
)
def test_half_a_unit_is_rounded_away_from_zero(amount: str, currency: str, printed: str) -> None:
    assert str(rounded(Decimal(amount), currency)) == printed


@given(st.integers(-(10**9), 10**9), WEIGHTS, st.sampled_from(["USD", "JPY", "KWD"]))
def test_shares_add_up_and_differ_by_less_than_a_unit_from_exact_ones(
    units: int, weights: list[int], currency: str
) -> None:
    total = Decimal(units).scaleb(-decimals_of(currency))
    parts = apportioned(total, weights, currency=currency)
    assert sum(parts) == total
    whole = sum(weights) or len(weights)
    for part, weight in zip(parts, weights if any(weights) else [1] * len(weights), strict=True):
        assert abs(part - total * weight / whole) < Decimal(1).scaleb(-decimals_of(currency))


def test_the_largest_remainders_get_the_units_that_are_left() -> None:
    assert apportioned(Decimal("-0.10"), [1, 1, 1], currency="USD") == tuple(map(Decimal, ("-0.04", "-0.03", "-0.03")))


def test_an_exact_product_has_all_its_digits() -> None:
    with exact():
        product = Decimal("0.123456789123456789") * Decimal("987654321987.654321")
    assert str(product) == "121932631356.500531347203169112635269"
