"""Shares of a statement's own cycle by bot, channel and cost centre."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from botmeter.billing.account_bill import Bill
from botmeter.billing.canonical import amount_text
from botmeter.billing.cost_centres import cost_centres_of
from botmeter.billing.shares import Shares, shares_of
from botmeter.ledger.billing.cost_centres import cost_centres_in
from botmeter.ledger.readable import ReadableLedger
from botmeter.reports.bot_names import bot_names
from botmeter.reports.snapshot import open_snapshot


def statement_shares(ledger: ReadableLedger, bill: Bill) -> dict[str, list[dict[str, Any]]]:
    """Shares as documents have them; those of one kind and the unattributed ones add up to the total."""
    money = bill.rated.plan.currency
    with open_snapshot(ledger) as snapshot:
        names, centres = bot_names(snapshot), cost_centres_in(snapshot.connection)
    bots = _shares(bill, lambda sessions: sessions["bot_id"])
    channels = _shares(bill, lambda sessions: sessions["channel"])
    by_centre = _shares(bill, lambda sessions: cost_centres_of(sessions, centres))

    def parts(shares: Shares, key: str) -> list[dict[str, Any]]:
        return [
            {key: each.name, "sessions": each.sessions, "amount": amount_text(each.amount, money)}
            for each in shares.by_name
        ]

    return {
        "bots": [
            each | {"bot_name": None if each["bot_id"] is None else names[each["bot_id"]]}
            for each in parts(bots, "bot_id")
        ],
        "channels": parts(channels, "channel"),
        "cost_centres": parts(by_centre, "cost_centre"),
        "unattributed": [{"kind": each.kind, "amount": amount_text(each.amount, money)} for each in bots.unattributed],
    }


def _shares(bill: Bill, names_of: Callable[[pa.Table], pa.Array | pa.ChunkedArray]) -> Shares:
    return shares_of(bill.rated, [names_of(sessions) for sessions in bill.sessions])
