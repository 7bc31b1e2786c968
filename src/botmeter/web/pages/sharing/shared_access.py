"""Allow-list of a share link."""

from typing import TYPE_CHECKING

from botmeter.web.pages.report.follow import has_not_ended
from botmeter.web.pages.report.report_access import Fact, ReportAccess
from botmeter.web.pages.report.widgets import shared_widgets
from botmeter.web.pages.sharing.scope import SharedQuestion, comparisons_within, presets_within

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


def shared_access(ledger: "ReadableLedger", shared: SharedQuestion, *, whole_href: str) -> ReportAccess:
    """Build a request's allow-list."""
    scope, period = shared.scope, shared.whole.query.period
    return ReportAccess(
        widgets=shared_widgets(with_rows=scope.may_see_rows),
        facts=_facts(shared),
        filters=scope.filters,
        fixed_filters=scope.whole.filters,
        presets=presets_within(shared),
        days=(period.first_on, period.last_on),
        comparisons=comparisons_within(shared, ledger),
        reset_href="" if shared.is_whole else whole_href,
    )


def _facts(shared: SharedQuestion) -> frozenset[Fact]:
    conditions = {
        # A link to past days must not reveal the account's newest event.
        Fact.FRESHNESS: has_not_ended(shared.whole),
        Fact.OPENERS: shared.scope.names_openers,
        Fact.PREVIEWS: shared.scope.whole.filters.preview is None,
    }
    return frozenset(fact for fact, is_met in conditions.items() if is_met)
