"""Running commands inside the test's own process, and small files of events to run them on."""

import csv
import gzip
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botmeter.domain.session import session_id

FIRST_SESSION = session_id("freshchat.session@1", source="default", opening_event_id="m-1001")
_FIELDS = ("event_id", "occurred_at", "conversation_id", "customer_id", "actor", "bot_id", "bot_name", "channel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """Result of a command: exit code, data (stdout) and messages (stderr)."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out, newline="")))


def event(event_id: str, occurred_at: str, **fields: Any) -> dict[str, Any]:
    """A customer's message to the bot `orders` on the web, but for `fields`."""
    usual = {
        "conversation_id": "c-1",
        "customer_id": "cus_8401",
        "actor": "customer",
        "bot_id": "orders",
        "bot_name": "Order bot",
        "channel": "web",
    }
    return {"event_id": event_id, "occurred_at": occurred_at, **usual, **fields}


# Three sessions: 8401 on the 30th, over midnight and with two bots; 8402 on the 31st; 8401 again on the 1st.
EVENTS = (
    event("m-1001", "2026-03-30T22:00:00Z"),
    event("m-1002", "2026-03-30T22:00:05Z", actor="bot"),
    event(
        "m-1003",
        "2026-03-31T01:00:00Z",
        bot_id="returns",
        bot_name="Returns",
        channel="whatsapp",
        conversation_id="c-2",
    ),
    event("m-1004", "2026-03-31T09:00:00Z", customer_id="cus_8402", conversation_id="c-3", preview=True),
    event(
        "m-1005",
        "2026-03-31T09:30:00Z",
        customer_id="cus_8402",
        conversation_id="c-3",
        kind="ticket_linked",
        actor="system",
        ticket_id="t-1",
        ticket_type="refund",
    ),
    event(
        "m-1006",
        "2026-04-01T00:00:00+01:00",
        customer_id="cus_8401",
        bot_id="returns",
        bot_name="Returns",
        conversation_id="c-2",
    ),
)


def ndjson(events: Iterable[Mapping[str, Any]]) -> str:
    """One event a line."""
    return "".join(json.dumps(each) + "\n" for each in events)


CHATWOOT = [
    {
        "event": "message_created",
        "id": number,
        "account": {"id": 1},
        "message_type": form,
        "private": False,
        "created_at": f"2026-03-03T10:00:0{number}.500Z",
        "sender": {"id": 4, "name": "Helper", "type": "agent_bot"} if form == "outgoing" else {"id": 9},
        "conversation": {"id": 12, "channel": "Channel::Whatsapp", "meta": {"sender": {"id": 9}}},
    }
    for number, form in enumerate(("incoming", "outgoing"), start=1)
]
"""What a webhook of Chatwoot brought: a customer's message and a bot's answer."""


# The sessions of `EVENTS` as a vendor lists them, in whole minutes.
CHARGED = (
    ("2026-03-30T22:00:00Z", "cus_8401", "c-1", "0.10"),
    ("2026-03-31T09:00:00Z", "cus_8402", "c-3", "0.10"),
    ("2026-03-31T23:00:00Z", "cus_8401", "c-2", "0.10"),
)
CHARGED_FIELDS = ("started_at", "customer_id", "conversation_id", "amount")
VENDOR_FIELDS = ("Session start", "Contact", "Chat", "Cost")
INVOICE = 'period = "2026-03-30..2026-03-31"\nsessions = 3\ntotal = "0.30"\ncurrency = "USD"\n'


def bill(*rows: Iterable[str], fields: Iterable[str] = CHARGED_FIELDS) -> str:
    """A vendor's list as CSV."""
    return "".join(",".join(cells) + "\n" for cells in (fields, *rows))


def write_files(folder: Path) -> None:
    """The files that the examples of the help texts name."""
    (folder / "events.ndjson").write_text(ndjson(EVENTS), encoding="utf-8")
    for name, events in (("events.csv", EVENTS), ("day-1.csv", EVENTS[:3]), ("chats.csv", EVENTS)):
        (folder / name).write_text(_csv(events), encoding="utf-8")
    (folder / "day-2.csv.gz").write_bytes(gzip.compress(_csv(EVENTS[3:]).encode()))
    (folder / "columns.toml").write_text(
        "".join(f'{name} = {{ column = "{name}" }}\n' for name in _FIELDS), encoding="utf-8"
    )
    (folder / "webhooks.ndjson").write_text(ndjson(CHATWOOT), encoding="utf-8")
    (folder / "same.csv").write_text("customer_id,alias\ncus_8401,cus_8402\ncus_8401,wa-8401\n", encoding="utf-8")
    (folder / "bill.csv").write_text(bill(*CHARGED), encoding="utf-8")
    (folder / "vendor.csv").write_text(bill(*CHARGED, fields=VENDOR_FIELDS), encoding="utf-8")
    mapping = zip(CHARGED_FIELDS, VENDOR_FIELDS, strict=True)
    lines = "".join(f'{field} = {{ column = "{column}" }}\n' for field, column in mapping)
    (folder / "vendor.toml").write_text(lines, encoding="utf-8")
    (folder / "invoice.toml").write_text(INVOICE, encoding="utf-8")
    (folder / "my-plan.toml").write_text(
        'name = "my-plan"\ncurrency = "EUR"\n[fixed]\nfee = "9.00"\n', encoding="utf-8"
    )
    (folder / "my-rule.toml").write_text('name = "my-rule"\nidle_timeout = "30m"\n', encoding="utf-8")


def _csv(events: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _FIELDS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(events)
    return text.getvalue()
