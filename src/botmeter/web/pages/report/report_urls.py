"""URLs in reports, by entry point: Reports, Billing or a share link.

IDs can be any text, even `..`, which paths don't survive, so they are in the query.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from botmeter.web.report_address import EXCLUDE, ReportAddress


@lru_cache(maxsize=1_000)
def _path(route: str, *, args: tuple[str, ...]) -> str:
    """Cached, as pages repeat routes hundreds of times."""
    return reverse(route, args=args)


class EntryPoint(StrEnum):
    """Section that opened the report."""

    REPORTS = "report"
    BILLING = "billing-report"
    SHARED = "shared"


_OWN_ROUTES: Final = {
    EntryPoint.REPORTS: {},
    EntryPoint.BILLING: {"rows": "billing-rows", "widget": "billing-widget", "choices": "billing-choices"},
    # A share link reaches no other page.
    EntryPoint.SHARED: {"rows": "shared-rows", "widget": "shared-widget", "choices": "shared-choices"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportUrls:
    """URLs of a report; empty where not offered.

    Attributes:
        owner: Account name, or a share link's secret, which hides it.
    """

    owner: str
    entry_point: EntryPoint = EntryPoint.REPORTS
    has_rows: bool = True

    def report(self, address: ReportAddress, **more: str) -> str:
        return _path(self.entry_point.value, args=(self.owner,)) + address.query(**more)

    def fresh(self, address: ReportAddress, **more: str) -> str:
        return _path(f"{self.entry_point.value}-fresh", args=(self.owner,)) + address.query(**more)

    def rows(self, address: ReportAddress, **more: str) -> str:
        return self._href("rows", address.query(**more)) if self.has_rows else ""

    def widget(self, name: str, address: ReportAddress) -> str:
        return self._href("widget", address.query(), name)

    def widget_export(self, name: str, address: ReportAddress, *, form: str) -> str:
        return self._href("widget-export", address.query(), name, form)

    def choices(self, name: str, address: ReportAddress, *, is_excluded: bool = False, **more: str) -> str:
        mode = {"mode": EXCLUDE} if is_excluded else {}
        return self._href("choices", address.query(**mode, **more), name)

    def counting(self) -> str:
        return self._href("counting", "")

    def session(self, session_id: str, **more: str) -> str:
        return self._href("session", f"?{urlencode(more)}" if more else "", session_id)

    def customer(self, customer_id: str, **more: str) -> str:
        return self._href("customer", f"?{urlencode({'id': customer_id, **more})}")

    def conversation(self, conversation_id: str, **more: str) -> str:
        return self._href("conversation", f"?{urlencode({'id': conversation_id, **more})}")

    def merge_customers(self, customer_id: str = "") -> str:
        return self._href("merge-customers", f"?{urlencode({'customer_id': customer_id})}" if customer_id else "")

    def customers(self, search: str) -> str:
        return self._href("customers", f"?{urlencode({'search': search})}")

    def bot(self, bot_id: str, *, version: str | None = None) -> str:
        address = ReportAddress(timezone="UTC").only("bot", bot_id)
        return self.report(address if version is None else address.only("bot_version", version))

    def rows_of_day(self, on: date) -> str:
        return self.rows(ReportAddress(timezone="UTC").between(on, on))

    def _href(self, route: str, query: str, *words: str) -> str:
        own_routes = _OWN_ROUTES[self.entry_point]
        if self.entry_point is EntryPoint.SHARED and route not in own_routes:
            return ""
        return _path(own_routes.get(route, route), args=(self.owner, *words)) + query
