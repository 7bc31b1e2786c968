"""Tabs of the pages of Notifications."""

from typing import Final

from django.urls import reverse

from botmeter.web.components import Link

_TABS: Final = (("Sent", "notifications"), ("Destinations", "destinations"))


def notification_tabs(account: str, *, current: str) -> tuple[Link, ...]:
    """Links to the pages of Notifications; `current` is a route."""
    return tuple(
        Link(label=label, href=reverse(route, args=(account,)), is_current=route == current) for label, route in _TABS
    )
