"""URLs of sessions, conversations, customers and bots.

IDs can be any text, even `..` or `a/b%2Fc`, which paths don't survive, so they are in the query.
"""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from botmeter.web.report_query import ReportAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityUrls:
    """Entity URLs of an account."""

    account: str

    def session(self, session_id: str, **more: str) -> str:
        return reverse("session", args=(self.account, session_id)) + (f"?{urlencode(more)}" if more else "")

    def conversation(self, conversation_id: str) -> str:
        return self._of("conversation", conversation_id)

    def customer(self, customer_id: str, **more: str) -> str:
        return self._of("customer", customer_id, **more)

    def customers(self) -> str:
        return reverse("customers", args=(self.account,))

    def merge_customers(self, customer_id: str = "") -> str:
        """Return the URL for merging customers, with this one filled in."""
        query = f"?{urlencode({'customer_id': customer_id})}" if customer_id else ""
        return reverse("merge-customers", args=(self.account,)) + query

    def reports(self) -> str:
        return reverse("reports", args=(self.account,))

    def report(self, address: ReportAddress) -> str:
        return reverse("report", args=(self.account,)) + address.query()

    def bot(self, bot_id: str, *, version: str | None = None) -> str:
        """Return the URL of the bot's report over 30 UTC days."""
        address = ReportAddress(timezone="UTC").only("bot", bot_id)
        return self.report(address if version is None else address.only("bot_version", version))

    def rows_of_day(self, on: date, *, customer_id: str | None = None) -> str:
        """Return the URL of a UTC day's rows."""
        address = ReportAddress(timezone="UTC").between(on, on)
        if customer_id is not None:
            address = address.only("customer", customer_id)
        return reverse("rows", args=(self.account,)) + address.query()

    def _of(self, route: str, sought: str, **more: str) -> str:
        return reverse(route, args=(self.account,)) + f"?{urlencode({'id': sought, **more})}"
