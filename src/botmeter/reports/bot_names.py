"""Names of bots."""

from botmeter.ledger.statements import statements_of
from botmeter.reports.snapshot import Snapshot

sql = statements_of(__name__)


def bot_names(moment: Snapshot) -> dict[str, str]:
    """Return the latest name of each bot that has one, by id."""
    return dict(moment.rows(sql("bot_names"), {}))
