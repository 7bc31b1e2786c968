"""The report's pages as they are behind a share link: without what leads out of what was shared."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from botmeter.reports.filter_values import FilterField
from botmeter.reports.presets import Preset
from botmeter.reports.query import LINK_FILTERS
from botmeter.web.components import FilterChip, PeriodPicker, PickerMonth
from botmeter.web.pages.report.answered import PageContext
from botmeter.web.pages.report.choices import ChoicesPage, choices_page, wanted_choices
from botmeter.web.pages.report.filter_bar import FilterBar, LinkChip
from botmeter.web.pages.report.follow import goes_on
from botmeter.web.pages.report.freshness import Freshness
from botmeter.web.pages.report.notices import Notice
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.pages.report.rows.page import RowsPage
from botmeter.web.pages.report.splits import SplitWidget
from botmeter.web.pages.report.usage_page import UsagePage
from botmeter.web.pages.report.widget_page import WidgetPage
from botmeter.web.pages.sharing.scope import OF_ROWS, SharedQuestion, comparisons_within, presets_within
from botmeter.web.report_query import Compare

if TYPE_CHECKING:
    from django.http import QueryDict

    from botmeter.ledger.ledger import Ledger
    from botmeter.web.layout import Frame

# Widgets that name people.
WIDGETS_OF_ROWS: Final = frozenset({"customers"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmer:
    """What the pages of one request are trimmed by.

    Attributes:
        whole_href: Where the page shows all that was shared.
    """

    ledger: "Ledger"
    shared: SharedQuestion
    places: ReportUrls
    whole_href: str

    def report(self, page: UsagePage, *, name: str) -> UsagePage:
        """The report under the name of the link."""
        is_over = not goes_on(self.shared.whole)
        return replace(
            page,
            heading=name,
            beside=page.heading,
            bar=self._bar(page.bar),
            # Of days that are over it is not told when the account had its newest event.
            freshness=Freshness(text="These days are over", kind="") if is_over else page.freshness,
            following=None if is_over else page.following,
            notices=_without_actions(page.notices),
            bots=self._split(page.bots),
            channels=self._split(page.channels),
            later=tuple(one for one in page.later if self.offers(one.name)),
        )

    def widget(self, page: WidgetPage) -> WidgetPage:
        """A widget by itself."""
        made = page.widget
        match page.kind:
            case "split":
                made = self._split(made)
            case "versions" if not self.shared.scope.names_openers:
                made = replace(made, lines=tuple(line for line in made.lines if line.sessions.number))
        return replace(page, bar=self._bar(page.bar), widget=made)

    def rows(self, page: RowsPage) -> RowsPage:
        """The underlying data."""
        is_searched = bool(page.search)
        notices = page.notices if is_searched else _without_actions(page.notices)
        return replace(page, bar=self._bar(page.bar), notices=notices)

    def choices(self, field: FilterField, given: "QueryDict", *, frame: "Frame") -> ChoicesPage:
        """What a filter can be set to; of a filter that the link sets, its own values alone."""
        asked = self.shared.asked
        allowed = self._allowed(field)
        if allowed:
            # As if all of them were chosen: those are always among the values, however many others there are.
            filters = replace(asked.query.filters, **{field.value: allowed})  # type: ignore[arg-type]
            asked = replace(asked, query=replace(asked.query, filters=filters))
        wanted = wanted_choices(field.value, given)
        page = choices_page(self.ledger, asked, wanted=wanted, stage=PageContext(frame=frame, places=self.places))
        if not allowed:
            return page
        sought = page.search.casefold()
        kept = tuple(
            one
            for one in page.filter.choices
            if one.value in allowed and (one.is_chosen or sought in f"{one.value} {one.label}".casefold())
        )
        return replace(page, filter=replace(page.filter, choices=kept, is_cut=False))

    def offers(self, name: str) -> bool:
        """Whether a widget, or a filter, is offered."""
        return self.shared.scope.may_see_rows or name not in {*WIDGETS_OF_ROWS, *OF_ROWS}

    def _allowed(self, field: FilterField) -> tuple[str, ...]:
        allowed: tuple[str, ...] = getattr(self.shared.scope.whole.filters, field.value)
        return allowed

    def _bar(self, bar: FilterBar) -> FilterBar:
        is_preview_set = self.shared.scope.whole.filters.preview is not None
        comparisons = comparisons_within(self.shared, self.ledger)
        compare = tuple(link for link, one in zip(bar.compare, Compare, strict=True) if one in comparisons)
        return replace(
            bar,
            period=self._period(bar.period),
            compare=compare if len(compare) > 1 else (),
            chips=tuple(chip for each in bar.chips for chip in self._chips(each)),
            link_chips=self._link_chips(bar.link_chips),
            preview=() if is_preview_set else bar.preview,
            clear_href="" if self.shared.is_whole else self.whole_href,
        )

    def _chips(self, chip: FilterChip) -> tuple[FilterChip, ...]:
        """The chip as it may be set; none for a filter that may not."""
        allowed = self._allowed(FilterField(chip.name))
        if not allowed:
            return (chip,) if self.offers(chip.name) else ()
        is_narrowed = len(chip.chosen_values) < len(allowed)
        is_choosable = len(allowed) > 1 and self.offers(chip.name)
        return (
            replace(
                chip,
                choices_href=chip.choices_href if is_choosable else "",
                remove_href=chip.remove_href if is_narrowed else "",
            ),
        )

    def _split(self, widget: SplitWidget) -> SplitWidget:
        """A split, without the way to what opened the sessions where that is not told."""
        if self.shared.scope.names_openers:
            return widget
        return replace(widget, segments=(), note=None if widget.note is None else replace(widget.note, href=""))

    def _link_chips(self, chips: tuple[LinkChip, ...]) -> tuple[LinkChip, ...]:
        """What the link of a number has set; what the share link has set stays."""
        of_link, chosen = self.shared.scope.whole.filters, self.shared.asked.address.filters
        names = [name for name in LINK_FILTERS if getattr(chosen, name)]
        return tuple(
            replace(chip, remove_href="") if getattr(of_link, name) == getattr(chosen, name) else chip
            for name, chip in zip(names, chips, strict=True)
        )

    def _period(self, picker: PeriodPicker) -> PeriodPicker:
        """The picker with the days of the link alone, in its zone."""
        period = self.shared.whole.query.period
        presets = presets_within(self.shared)
        first_on, last_on = period.first_on.isoformat(), min(period.last_on.isoformat(), picker.most_on)
        return replace(
            picker,
            presets=tuple(link for link, preset in zip(picker.presets, Preset, strict=True) if preset in presets),
            least_on=first_on,
            most_on=last_on,
            timezones=(),
            months=tuple(_month(month, days=(first_on, last_on)) for month in picker.months),
        )


def _month(month: PickerMonth, *, days: tuple[str, str]) -> PickerMonth:
    """The month with the days from the first to the last, in ISO, and no other to be chosen."""
    return replace(
        month,
        days=tuple(
            None if day is None else replace(day, is_future=not days[0] <= day.on <= days[1]) for day in month.days
        ),
    )


def _without_actions(notices: tuple[Notice, ...]) -> tuple[Notice, ...]:
    """What is to be known, without links to other days, zones and filters."""
    return tuple(replace(notice, action=None) for notice in notices)
