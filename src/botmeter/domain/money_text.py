"""Text of amounts, prices and units on pages."""

from decimal import Decimal
from typing import Final

from botmeter.domain.money import decimals_of
from botmeter.domain.text import MINUS, THIN

# Symbols that name one currency; other currencies are written with their code.
_SYMBOLS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "ILS": "₪", "VND": "₫"}


def money_text(amount: Decimal, currency: str) -> str:
    """Format a rounded amount: `$1,234.50`, `−$0.10`, `CHF 9.00`."""
    return _with_currency(f"{abs(amount):,.{decimals_of(currency)}f}", currency, is_negative=amount < 0)


def change_in_money(amount: Decimal, currency: str) -> str:
    """Format a difference with its sign: `+$2.00`, `−$2.00`, `$0.00`."""
    return f"+{money_text(amount, currency)}" if amount > 0 else money_text(amount, currency)


def unit_price_text(price: Decimal, currency: str) -> str:
    """Format a price with all its decimals: `$0.0075`, `$49.00`."""
    whole, _, decimals = f"{abs(price):f}".partition(".")
    kept = decimals.rstrip("0").ljust(decimals_of(currency), "0")
    return _with_currency(f"{int(whole):,}{'.' if kept else ''}{kept}", currency, is_negative=price < 0)


def units_text(units: Decimal) -> str:
    """Format a number of units: `1,250`, `0.5`."""
    whole, _, decimals = f"{abs(units):f}".partition(".")
    kept = decimals.rstrip("0")
    return f"{MINUS if units < 0 else ''}{int(whole):,}{'.' if kept else ''}{kept}"


def percent_of_rate(rate: Decimal) -> str:
    """Format a rate: `19 %`, `7.5 %`."""
    return f"{units_text(rate * 100)}{THIN}%"


def _with_currency(number: str, currency: str, *, is_negative: bool) -> str:
    mark = _SYMBOLS.get(currency, f"{currency}{THIN}")
    return f"{MINUS if is_negative else ''}{mark}{number}"
