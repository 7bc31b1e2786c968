"""Money: exact decimal amounts, rounded once per line to the unit of a currency.

The exponents are those of ISO 4217 (amendment 178). Locale data differ: they round HUF, COP, IDR and IQD to whole
units, which would change a price.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, Inexact, localcontext
from typing import Final

from botmeter.domain.errors import Refused

_DECIMALS_OF_OTHERS: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_TWO_DECIMALS: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY "
    "COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS "
    "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR "
    "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP "
    "STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
)
_DECIMALS: Final = {
    **dict.fromkeys(_TWO_DECIMALS.split(), 2),
    **{code: decimals for decimals, codes in _DECIMALS_OF_OTHERS.items() for code in codes.split()},
}

# The limits of plans: a price has at most 21 digits, a weight 10, a count of sessions 12.
_EXACT_DIGITS: Final = 80


def decimals_of(currency: str) -> int:
    """Number of decimals of a currency's unit.

    Raises:
        Refused: `currency_unknown`.
    """
    decimals = _DECIMALS.get(currency)
    if decimals is None:
        raise Refused("currency_unknown", f"Currency {currency[:12]!r} is not in ISO 4217. Use a code such as USD.")
    return decimals


def unit_of(currency: str) -> Decimal:
    """Smallest amount of a currency."""
    return Decimal(1).scaleb(-decimals_of(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round a line to the currency's unit: half up, away from zero."""
    with exact(may_round=True):
        return amount.quantize(unit_of(currency), rounding=ROUND_HALF_UP)


def apportioned(total: Decimal, weights: Sequence[Decimal | int], *, currency: str) -> tuple[Decimal, ...]:
    """Divide a rounded total by weights, in the currency's unit, so that the parts add up to it.

    The remaining units go to the largest remainders, of equal ones to the first. All weights 0 count as equal.
    """
    if not weights:
        return ()
    weights = weights if any(weights) else [1] * len(weights)
    sign, unit = (-1 if total < 0 else 1), unit_of(currency)
    with exact(may_round=True):
        whole, units = sum(map(Decimal, weights), Decimal(0)), abs(total) / unit
        quotas = [units * Decimal(weight) / whole for weight in weights]
        floors = [quota.to_integral_value(rounding=ROUND_FLOOR) for quota in quotas]
        missing = int(units - sum(floors, Decimal(0)))
        by_remainder = sorted(range(len(quotas)), key=lambda at: (floors[at] - quotas[at], at))
        for at in by_remainder[:missing]:
            floors[at] += 1
        return tuple(sign * count * unit for count in floors)


@contextmanager
def exact(*, may_round: bool = False) -> Iterator[None]:
    """Compute with enough digits; a product or sum that would be rounded raises."""
    with localcontext(prec=_EXACT_DIGITS) as context:
        context.traps[Inexact] = not may_round
        yield
