"""Tabs of the pages of Billing."""

from typing import Final

from django.urls import reverse

from botmeter.web.components import Link

_TABS: Final = (
    ("This cycle", "billing"),
    ("Statements", "statements"),
    ("Purchases", "billing-purchases"),
    ("Budgets", "billing-budgets"),
    ("What if", "billing-what-if"),
    ("Check a bill", "bills"),
    ("Plan", "billing-plan"),
)


def billing_tabs(account: str, *, current: str) -> tuple[Link, ...]:
    """Links to the pages of Billing; `current` is a route."""
    return tuple(
        Link(label=label, href=reverse(route, args=(account,)), is_current=route == current) for label, route in _TABS
    )
