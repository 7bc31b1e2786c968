"""Where a report's links lead: the same report is reached from Reports, from Billing and through a share link."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlencode

from django.urls import reverse

from botmeter.web.report_query import ReportAddress


@lru_cache(maxsize=1_000)
def _path(route: str, *, args: tuple[str, ...]) -> str:
    """The path of a route: a page asks for the same few hundreds of times."""
    return reverse(route, args=args)


class EntryPoint(StrEnum):
    """By which way somebody came to the report; the way back is the same."""

    REPORTS = "report"
    BILLING = "billing-report"
    SHARED = "shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportUrls:
    """The addresses of one report.

    Attributes:
        owner: The account's name; behind a share link its secret, so that the name stands in no address.
        has_rows: Whether the rows may be seen; else their addresses are empty.
    """

    door: EntryPoint
    owner: str
    has_rows: bool = True

    def report(self, address: ReportAddress, **more: str) -> str:
        return _path(self.door.value, args=(self.owner,)) + address.query(**more)

    def fresh(self, address: ReportAddress, **more: str) -> str:
        """Whether there is more than was seen."""
        return _path(f"{self.door.value}-fresh", args=(self.owner,)) + address.query(**more)

    def rows(self, address: ReportAddress, **more: str) -> str:
        """The underlying data."""
        if not self.has_rows:
            return ""
        return _path("shared-rows" if self._is_shared else "rows", args=(self.owner,)) + address.query(**more)

    def widget(self, name: str, address: ReportAddress) -> str:
        """One widget by itself."""
        route = "shared-widget" if self._is_shared else "widget"
        return _path(route, args=(self.owner, name)) + address.query()

    def choices(self, field: str, address: ReportAddress) -> str:
        """What a filter can be set to."""
        route = "shared-choices" if self._is_shared else "choices"
        return _path(route, args=(self.owner, field)) + address.query()

    def session(self, session_id: str) -> str:
        """Why it was charged; nothing behind a share link, which shows the report alone. So the two below."""
        return "" if self._is_shared else _path("session", args=(self.owner, session_id))

    def counting(self) -> str:
        """How sessions are counted; nothing behind a share link."""
        return "" if self._is_shared else _path("counting", args=(self.owner,))

    def customer(self, customer_id: str) -> str:
        return self._by_id("customer", customer_id)

    def conversation(self, conversation_id: str) -> str:
        return self._by_id("conversation", conversation_id)

    def _by_id(self, route: str, value: str) -> str:
        if self._is_shared:
            return ""
        return _path(route, args=(self.owner,)) + f"?{urlencode({'id': value})}"

    @property
    def _is_shared(self) -> bool:
        return self.door is EntryPoint.SHARED
