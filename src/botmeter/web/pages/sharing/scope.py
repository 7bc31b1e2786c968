"""Scope of a share link, to which visitors' requests are narrowed."""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from django.http import QueryDict

from botmeter.domain.period import Period
from botmeter.reports.compared_period import NO_COMPARISON, Compare
from botmeter.reports.filters import FILTER_NAMES, FILTERS, Filters, SharedUse
from botmeter.reports.presets import Preset, days_of
from botmeter.web.question import Question, report_question
from botmeter.web.report_address import COMPARE_DAYS, ReportAddress, Split, read_address

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

# Filters that match parts of a session, whose opener can be another part.
_OF_PARTS: Final = tuple(declared.name for declared in FILTERS if not declared.is_of_session)
_FILTER_PARAMETERS: Final = tuple(name for declared in FILTERS for name in (declared.name, declared.not_parameter))
_NAMES: Final = (
    "period",
    "from",
    "to",
    *_FILTER_PARAMETERS,
    "preview",
    "split",
    "compare",
    *COMPARE_DAYS,
    "interval",
    "axis",
    "table",
    "open",
    "versions",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Shared view, with pinned period and time zone."""

    whole: ReportAddress
    may_see_rows: bool

    @property
    def names_openers(self) -> bool:
        """Check that openers may be shown; under a filter they could be bots outside of it."""
        return not any(self.whole.filters.values(name) for name in _OF_PARTS)

    @property
    def filters(self) -> frozenset[str]:
        uses = {SharedUse.ALWAYS}
        uses |= {SharedUse.WITH_ROWS} if self.may_see_rows else set()
        uses |= {SharedUse.WITH_OPENERS} if self.names_openers else set()
        return frozenset(declared.name for declared in FILTERS if declared.shared in uses)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedQuestion:
    """Visitor's question and the whole view's."""

    scope: Scope
    whole: Question
    narrowed: Question

    @property
    def is_whole(self) -> bool:
        return (
            self.narrowed.query.period == self.whole.query.period
            and self.narrowed.query.filters == self.whole.query.filters
        )


def pinned(address: ReportAddress, *, zone: str) -> ReportAddress:
    """Add default time zone and period (30 days)."""
    address = replace(address, timezone=address.timezone or zone)
    is_bare = address.preset is None and address.days == (None, None)
    return replace(address, preset=Preset.LAST_30_DAYS) if is_bare else address


def shared_question(ledger: "ReadableLedger", scope: Scope, *, parameters: QueryDict) -> SharedQuestion:
    """Visitor's question, or the whole view without parameters.

    Raises:
        Refused: As `read_address` and `question`.
    """
    requested = read_address(parameters)
    if not any(name in parameters for name in _NAMES):
        requested = scope.whole.following(requested.follows)
    return narrowed_question(ledger, scope, requested=requested)


def narrowed_question(ledger: "ReadableLedger", scope: Scope, *, requested: ReportAddress) -> SharedQuestion:
    """Narrow a request to the view; days and values outside are ignored."""
    zone = scope.whole.timezone or "UTC"
    whole = report_question(ledger, scope.whole, zone=zone)
    filters = requested.filters
    for name in FILTER_NAMES:
        filters = filters if name in scope.filters else filters.without(name)
    if not scope.names_openers:
        requested = requested.split_by(Split.TOOK_PART)
    address = replace(requested, timezone=None, filters=_common_filters(scope.whole.filters, filters))
    if address.preset is None and address.days == (None, None):
        address = replace(address, preset=scope.whole.preset, days=scope.whole.days)
    narrowed = report_question(ledger, address, zone=zone)
    period = _common_period(whole.query.period, narrowed.query.period)
    if period != narrowed.query.period:
        narrowed = report_question(ledger, address.between(period.first_on, period.last_on), zone=zone)
    if not _is_comparison_shared(narrowed, whole=whole):
        address = narrowed.address.against(Compare.NONE)
        narrowed = replace(narrowed, compared=None, comparison=NO_COMPARISON, address=address)
    return SharedQuestion(scope=scope, whole=whole, narrowed=narrowed)


def presets_within(shared: SharedQuestion) -> frozenset[Preset]:
    """Presets within the view today."""
    whole = shared.whole
    return frozenset(
        preset
        for preset in Preset
        if _has_days(whole.query.period, days_of(preset, today_on=whole.today_on, available_from=whole.available_from))
    )


def comparisons_within(shared: SharedQuestion, ledger: "ReadableLedger") -> frozenset[Compare]:
    """Comparisons within the view; custom ones are not offered."""
    zone = shared.whole.zone
    comparisons = {Compare.NONE}
    for compare in set(Compare) - {Compare.NONE, Compare.CUSTOM}:
        narrowed = report_question(ledger, shared.narrowed.address.against(compare), zone=zone)
        if narrowed.compared is not None and _is_comparison_shared(narrowed, whole=shared.whole):
            comparisons.add(compare)
    return frozenset(comparisons)


def _is_comparison_shared(narrowed: Question, *, whole: Question) -> bool:
    """Compared days must be among the view's days, or among those with which the view is compared."""
    if narrowed.compared is None:
        return True
    return any(
        shown is not None and shown.start_us <= narrowed.compared.start_us and narrowed.compared.end_us <= shown.end_us
        for shown in (whole.query, whole.compared)
    )


def _common_filters(whole: Filters, requested: Filters) -> Filters:
    common = requested if whole.preview is None else replace(requested, preview=whole.preview)
    for declared, picked, excluded in whole.set_filters():
        name, known = declared.name, frozenset(picked)
        if picked:
            chosen = tuple(value for value in requested.values(name) if value in known)
            common = common.with_values(name, chosen or picked)
        if excluded:
            more = tuple(value for value in requested.excluded_values(name) if value not in excluded)
            common = common.with_excluded(name, (*excluded, *more))
    return common


def _common_period(whole: Period, requested: Period) -> Period:
    first_on, last_on = max(whole.first_on, requested.first_on), min(whole.last_on, requested.last_on)
    return whole if first_on > last_on else replace(whole, first_on=first_on, last_on=last_on)


def _has_days(period: Period, days: tuple[date, date]) -> bool:
    return period.first_on <= days[0] and days[1] <= period.last_on
