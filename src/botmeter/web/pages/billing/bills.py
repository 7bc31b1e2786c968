"""Plans of an account, and the cache of carried packs and allowances, for all pages of a server."""

from typing import TYPE_CHECKING, Final

from botmeter.billing.account_bill import account_plans, plan_missing
from botmeter.billing.account_plans import AccountPlans
from botmeter.billing.bill_cache import SERVER_BILLS, BillCache
from botmeter.billing.what_if_effect import Turn
from botmeter.reports.bot_names import BotNames, bot_names
from botmeter.reports.snapshot import Snapshot
from botmeter.web.access import Visit
from botmeter.web.server_state import server_state

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

bill_cache: Final[BillCache] = SERVER_BILLS


def plans_of(ledger: "ReadableLedger") -> AccountPlans:
    """Plan terms and facts of an account.

    Raises:
        Missing: `plan_missing`.
    """
    plans = account_plans(ledger, cache=bill_cache)
    if plans is None:
        raise plan_missing(ledger.account.name)
    return plans


def simulation_turn(visit: Visit) -> Turn:
    """Turn to simulate for an account, of which the server grants few at a time."""
    return lambda: server_state(visit.request).simulations.turn(visit.account)


def names_of_bots(ledger: "ReadableLedger") -> BotNames:
    """Latest name of each bot."""
    with ledger.read_transaction() as connection:
        return bot_names(Snapshot(connection=connection, touchpoints=[], footprints=[]))
