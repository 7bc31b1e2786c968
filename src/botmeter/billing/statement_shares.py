"""Shares of a statement's own cycle by bot, channel and cost centre."""

from typing import Any

from botmeter.billing.account_bill import Bill
from botmeter.billing.canonical import amount_text
from botmeter.billing.cost_centres import cost_centres_of
from botmeter.billing.shares import Shares, shares_by
from botmeter.ledger.billing.cost_centres import cost_centres_in
from botmeter.ledger.readable import ReadableLedger
from botmeter.reports.bot_names import bot_names
from botmeter.reports.snapshot import open_snapshot


def statement_shares(ledger: ReadableLedger, bill: Bill) -> dict[str, list[dict[str, Any]]]:
    """Shares as documents have them; those of one kind and the unattributed ones add up to the total."""
    money = bill.rated.plan.currency
    with open_snapshot(ledger) as snapshot:
        names, centres = bot_names(snapshot), cost_centres_in(snapshot.connection)
    named = [
        [each["bot_id"] for each in bill.sessions],
        [each["channel"] for each in bill.sessions],
        [cost_centres_of(each, centres) for each in bill.sessions],
    ]
    bots, channels, by_centre = shares_by(bill.rated, named)

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
