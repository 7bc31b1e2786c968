"""Data folder served by the views of this process, with a few known events."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers
from support.ledgers import Event, event, filled_account

# Four sessions of three customers on 10, 11 and 12 March 2026; one of c1 crosses midnight, with two bots, in two
# conversations, one of which has a ticket.
EVENTS: tuple[Event, ...] = (
    event("e1", "2026-03-10T10:00", bot_name="Order bot", bot_version="7"),
    event("e2", "2026-03-10T10:01", actor="bot", bot_name="Order bot", bot_version="7"),
    event("e3", "2026-03-11T22:00", conversation_id="v2", bot_version="7"),
    event("e4", "2026-03-12T01:00", conversation_id="v3", bot_id="b2", channel="whatsapp"),
    event(
        "e5",
        "2026-03-12T01:30",
        conversation_id="v3",
        bot_id=None,
        actor="system",
        kind="ticket_linked",
        ticket_id="t1",
        ticket_type="refund",
    ),
    event("e6", "2026-03-11T09:00", customer_id="c2", conversation_id="v4", preview=True),
    event(
        "e7",
        "2026-03-12T09:00",
        customer_id="<b>=1+1</b>",
        conversation_id="v5/../%2F",
        bot_id="b3",
        bot_name='<script>alert("1")</script>',
        channel="a\u202eb",
    ),
)


@contextmanager
def served(path: Path, accounts: Mapping[str, Iterable[Event]]) -> Iterator[OpenLedgers]:
    """Open ledgers of a new folder with these accounts and events; `in_use` shows them to views."""
    with Folder.owned(path, purpose="a test") as folder:
        for name, events in accounts.items():
            filled_account(folder, name, events=events)
        opened = OpenLedgers(folder)
        try:
            yield opened
        finally:
            opened.close()
