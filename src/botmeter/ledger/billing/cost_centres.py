"""Cost centres of bots and channels, each from a day on."""

import duckdb

from botmeter.domain.cost_centre import CostCentres, CostCentreTerm
from botmeter.ledger.billing.known_names import require_bot, require_channel
from botmeter.ledger.duckdb_calls import records_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


def cost_centre_terms(ledger: ReadableLedger, *, with_replaced: bool = False) -> list[CostCentreTerm]:
    """Terms in force by day, bot and channel; or all, in order of recording."""
    return _terms(ledger.connection, with_replaced=with_replaced)


def cost_centres_in(connection: duckdb.DuckDBPyConnection) -> CostCentres:
    """Cost centres as of a transaction's moment."""
    return CostCentres(_terms(connection))


def cost_centres(ledger: ReadableLedger, *, known_at: int | None = None) -> CostCentres:
    """Cost centres as known at an instant (µs UTC); None: now."""
    if known_at is None:
        return CostCentres(cost_centre_terms(ledger))
    return CostCentres(term for term in cost_centre_terms(ledger, with_replaced=True) if term.recorded_at <= known_at)


def set_cost_centre(ledger: Ledger, term: CostCentreTerm, *, now_us: int, by: str | None = None) -> None:
    """Give a bot or channel a cost centre from a day on.

    Raises:
        Missing: `bot_unknown` or `channel_unknown`.
    """
    if term.bot_id is not None:
        require_bot(ledger, term.bot_id)
    if term.channel is not None:
        require_channel(ledger, term.channel)
    with ledger.facts_transaction() as connection:
        values = [term.from_on, term.bot_id, term.channel, term.cost_centre, now_us, by]
        connection.execute(sql("insert_cost_centre"), values)


def _terms(connection: duckdb.DuckDBPyConnection, *, with_replaced: bool = False) -> list[CostCentreTerm]:
    rows = connection.execute(sql("cost_centre_terms"), {"with_replaced": with_replaced}).fetchall()
    return records_of(CostCentreTerm, rows)
