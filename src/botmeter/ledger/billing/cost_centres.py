"""Cost centres of bots and channels, each from a day on."""

from dataclasses import dataclass
from datetime import date

from botmeter.domain.display_name import display_name_fault
from botmeter.domain.errors import Missing, Refused
from botmeter.ledger.duckdb_calls import records_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCentreTerm:
    """Cost centre of either a bot or a channel from a UTC day on; empty: none.

    Raises:
        Refused: `cost_centre_invalid`.
    """

    from_on: date
    bot_id: str | None = None
    channel: str | None = None
    cost_centre: str

    def __post_init__(self) -> None:
        name = self.cost_centre.strip()
        if (self.bot_id is None) is (self.channel is None):
            raise Refused("cost_centre_invalid", "A cost centre belongs to either a bot or a channel.")
        if fault := display_name_fault(name):
            raise Refused("cost_centre_invalid", f"{name[:40]!r} is not a valid cost centre: {fault}.")
        object.__setattr__(self, "cost_centre", name)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCostCentreTerm:
    """A cost centre as it was set; of those of one bot or channel and day, the last one is in force."""

    from_on: date
    bot_id: str | None
    channel: str | None
    cost_centre: str
    recorded_at: int
    set_by: str | None


def cost_centre_terms(ledger: ReadableLedger, *, with_replaced: bool = False) -> list[StoredCostCentreTerm]:
    """Return the terms in force by day, bot and channel; or all, in the order of recording."""
    rows = ledger.connection.execute(sql("cost_centre_terms"), {"with_replaced": with_replaced}).fetchall()
    return records_of(StoredCostCentreTerm, rows)


def set_cost_centre(ledger: Ledger, term: CostCentreTerm, *, now_us: int, by: str | None = None) -> None:
    """Give a bot or channel a cost centre from a day on.

    Raises:
        Missing: `bot_unknown` or `channel_unknown`.
    """
    touchpoints = ledger.touchpoints.all()
    account = ledger.account.name
    if term.bot_id is not None and not any(each.bot_id == term.bot_id for each in touchpoints):
        raise Missing("bot_unknown", f"Account {account} has no bot {term.bot_id[:60]!r}.")
    if term.channel is not None and not any(each.channel == term.channel for each in touchpoints):
        raise Missing("channel_unknown", f"Account {account} has no channel {term.channel[:60]!r}.")
    with ledger.transaction() as connection:
        values = [term.from_on, term.bot_id, term.channel, term.cost_centre, now_us, by]
        connection.execute(sql("insert_cost_centre"), values)
