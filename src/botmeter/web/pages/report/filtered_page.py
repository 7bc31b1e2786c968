"""Page with a filter bar, where its links stay."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.report_address import ReportAddress

# The page of the underlying data checks their values.
_VIEW_NAMES: Final = ("grain", "sort", "search", "charge", "columns")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilteredPage:
    """Report, the page of one widget, or the underlying data.

    Attributes:
        widget: Its name; empty on the other pages.
        view: Options of the underlying data; None on the other pages.
    """

    urls: ReportUrls
    widget: str = ""
    view: tuple[tuple[str, str], ...] | None = None

    def href(self, address: ReportAddress) -> str:
        if self.widget:
            return self.urls.widget(self.widget, address)
        return self.urls.report(address) if self.view is None else self.urls.rows(address, **dict(self.view))

    def choices_href(self, name: str, address: ReportAddress, *, is_excluded: bool) -> str:
        return self.urls.choices(name, address, is_excluded=is_excluded, **dict(self.choices_fields))

    @property
    def form_fields(self) -> tuple[tuple[str, str], ...]:
        """Fields that a form of the page keeps, besides those of the address."""
        return self.view or ()

    @property
    def choices_fields(self) -> tuple[tuple[str, str], ...]:
        """Fields by which a page of choices knows this page; the options' names would be its own."""
        if self.widget:
            return (("widget", self.widget),)
        return () if self.view is None else (("rows", urlencode(self.view) or "1"),)


def view_of_text(text: str) -> tuple[tuple[str, str], ...] | None:
    """Options of the underlying data from `choices_fields`; None if empty."""
    return tuple((name, value) for name, value in parse_qsl(text) if name in _VIEW_NAMES) if text else None
