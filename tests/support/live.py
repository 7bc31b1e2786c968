"""Live ingestion in this process: front, event routes, real ledgers, a test's clock."""

import asyncio
import json
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connections

from botmeter.domain.account import Account
from botmeter.domain.instant import now_us
from botmeter.domain.source import Source
from botmeter.ledger.deliveries import StoredDelivery, deliveries
from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.quarantine import Quarantined, quarantined
from botmeter.ledger.settle import settle
from botmeter.ledger.sources import set_source
from botmeter.live.ingest import Ingestion
from botmeter.people.keys import KeyDraft, Scope, new_key
from botmeter.people.sealing import sealed
from botmeter.people.sources import new_address, update
from botmeter.server.front.front import Front
from botmeter.server.routes import own_routes
from support.asgi_requests import AsgiClient, AsgiResponse
from support.bridges import bridge_of
from support.ledgers import made_account
from support.server_state import in_use

Event = dict[str, Any]
EVENTS_PATH = "/api/v1/events"
NDJSON = "application/x-ndjson"


@dataclass(frozen=True)
class Live:
    """Served folder; `request` calls the front."""

    opened: OpenLedgers
    ingestion: Ingestion
    request: AsgiClient

    def create(self, account: str) -> str:
        """Create an account; return a key that may only send events."""
        return self.key(made_account(self.opened.folder, Account(name=account)))

    def key(self, account: str, *scopes: Scope) -> str:
        """Create a key and return its secret; by default it may send events."""
        draft = KeyDraft(name="for tests", scopes=scopes or (Scope.EVENTS_WRITE,))
        return new_key(account, draft, created_by=None).secret

    def send(self, key: str, events: Sequence[Event], /, *, query: str = "", **headers: str) -> AsgiResponse:
        """Send events as a JSON array, or as the headers say."""
        body = json.dumps(events, ensure_ascii=False).encode()
        return self.post(key, body, query=query, **headers)

    def post(self, key: str, body: bytes, /, *, query: str = "", **headers: str) -> AsgiResponse:
        """Send bytes as events."""
        return self.request("POST", f"{EVENTS_PATH}{query}", body, authorization=f"Bearer {key}", **headers)

    def source(self, account: str, source: Source, *, signed_by: str = "") -> str:
        """Create a source; return its address."""
        with self.opened.writing(account) as ledger:
            set_source(ledger, source, now_us=0)
        made = new_address(account, source, created_by=None)
        update(made.source, secret=sealed(signed_by))
        return made.path

    def settle(self, account: str) -> None:
        """Meter all live events."""
        with self.opened.settling(account) as ledger:
            settle(ledger, now_us=now_us())

    def rows(self, account: str, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the ledger, once everything is metered."""
        self.settle(account)
        with self.opened.reading(account) as ledger:
            return ledger.connection.sql(query).fetchall()

    def sessions(self, account: str) -> list[tuple[Any, ...]]:
        return self.rows(account, "SELECT * EXCLUDE (footprint, opening_touchpoint) FROM session ORDER BY session_id")

    def event_ids(self, account: str) -> list[str]:
        """Ids of all accepted events."""
        return [event_id for (event_id,) in self.rows(account, "SELECT event_id FROM event ORDER BY event_id")]

    def quarantined(self, account: str) -> list[Quarantined]:
        with self.opened.reading(account) as ledger:
            return list(quarantined(ledger))

    def deliveries(self, account: str, source: str) -> Sequence[StoredDelivery]:
        """Recorded deliveries, newest first."""
        with self.opened.reading(account) as ledger:
            return deliveries(ledger, source, limit=100)


@contextmanager
def live(folder: Path) -> Iterator[Live]:
    """Live ingestion over a new folder with the account acme, until the `with` ends."""
    with Folder.owned(folder, purpose="a test") as owned:
        opened = OpenLedgers(owned)
        try:
            with in_use(opened) as state:
                front = Front(bridge_of(_no_page), routes=own_routes(state))
                yield Live(opened=opened, ingestion=state.ingestion, request=AsgiClient(front, run=run_beside_django))
        finally:
            opened.close()


def run_beside_django(work: Coroutine[Any, Any, Any]) -> Any:
    """Complete a coroutine whose threads see the test's transaction."""
    connection = connections["default"]
    connection.inc_thread_sharing()

    def share() -> None:
        connections["default"] = connection

    async def ran() -> Any:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=1, initializer=share))
        return await work

    try:
        return asyncio.run(ran())
    finally:
        connection.dec_thread_sharing()


def message(event_id: str, at: str = "2026-03-10T10:00:00Z", /, **fields: object) -> Event:
    """Customer's message to bot b1 on the web, as JSON of the contract."""
    usual = {"conversation_id": "v1", "customer_id": "c1", "actor": "customer", "bot_id": "b1", "channel": "web"}
    return {"event_id": event_id, "occurred_at": at, **usual, **fields}


def counts(response: AsgiResponse) -> tuple[int, int, int, int]:
    """Accepted, duplicates, conflicts, rejected."""
    assert response.status == 200, response.body
    content: Mapping[str, int] = response.json()
    return content["accepted"], content["duplicates"], content["conflicts"], content["rejected"]


def problem_of(response: AsgiResponse) -> tuple[int, str]:
    """Status and code of complete problem details."""
    assert response.headers["content-type"] == "application/problem+json"
    content = response.json()
    assert content["status"] == response.status
    assert content["type"].endswith(f"#problem-{content['code']}")
    assert content["detail"]
    return response.status, content["code"]


def _no_page(*_: object) -> Any:
    raise AssertionError("no page is requested")
