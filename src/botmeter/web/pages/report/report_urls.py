"""URLs in a report, by entry point: Reports, Billing or a share link."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from botmeter.web.report_query import EXCLUDE, ReportAddress


@lru_cache(maxsize=1_000)
def _path(route: str, *, args: tuple[str, ...]) -> str:
    """Cached, as pages repeat routes hundreds of times."""
    return reverse(route, args=args)


class EntryPoint(StrEnum):
    """Section that opened the report."""

    REPORTS = "report"
    BILLING = "billing-report"
    SHARED = "shared"


# No route, no link: a share link only reaches the report.
_MEMBER_ROUTES: Final = {
    name: name for name in ("rows", "widget", "choices", "session", "counting", "customer", "conversation")
}
_ROUTES: Final = {
    EntryPoint.REPORTS: _MEMBER_ROUTES,
    EntryPoint.BILLING: _MEMBER_ROUTES,
    EntryPoint.SHARED: {"rows": "shared-rows", "widget": "shared-widget", "choices": "shared-choices"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportUrls:
    """URLs of a report; empty where not offered.

    Attributes:
        owner: Account name, or a share link's secret, which hides it.
    """

    entry_point: EntryPoint
    owner: str
    has_rows: bool = True

    def report(self, address: ReportAddress, **more: str) -> str:
        return _path(self.entry_point.value, args=(self.owner,)) + address.query(**more)

    def fresh(self, address: ReportAddress, **more: str) -> str:
        """Return the URL to poll."""
        return _path(f"{self.entry_point.value}-fresh", args=(self.owner,)) + address.query(**more)

    def rows(self, address: ReportAddress, **more: str) -> str:
        """Return the URL of the underlying data."""
        return self._href("rows", address.query(**more)) if self.has_rows else ""

    def widget(self, name: str, address: ReportAddress) -> str:
        return self._href("widget", address.query(), name)

    def choices(self, name: str, address: ReportAddress, *, is_excluded: bool = False) -> str:
        """Return the URL of a filter's choices."""
        more = {"mode": EXCLUDE} if is_excluded else {}
        return self._href("choices", address.query(**more), name)

    def session(self, session_id: str) -> str:
        return self._href("session", "", session_id)

    def counting(self) -> str:
        return self._href("counting", "")

    def customer(self, customer_id: str) -> str:
        return self._href("customer", f"?{urlencode({'id': customer_id})}")

    def conversation(self, conversation_id: str) -> str:
        return self._href("conversation", f"?{urlencode({'id': conversation_id})}")

    def _href(self, kind: str, query: str, *words: str) -> str:
        route = _ROUTES[self.entry_point].get(kind)
        return "" if route is None else _path(route, args=(self.owner, *words)) + query
