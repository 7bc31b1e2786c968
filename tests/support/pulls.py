"""Pulls against a stand-in, on an open ledger, without waiting."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.ledgers import Ledger, ledger_in_memory
from tests.support.stand_in_api import StandInApi

from botmeter.domain.instant import now_us
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import Source
from botmeter.ledger.append import Submission, append
from botmeter.ledger.folder import Folder
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.sources import set_source
from botmeter.live.pulls.pull import PullTask, pull
from botmeter.people.source_pulls import PullSettings
from botmeter.sources.payloads.payload_batches import batch_from_payloads
from botmeter.sources.payloads.payload_json import json_bytes
from botmeter.sources.payloads.pull_window import PullResult, Remaining
from botmeter.sources.platform_api.api_client import Clocks
from botmeter.sources.platforms.registry import connector_of

TOKENS = {"chatwoot": "desk-token", "freshchat": "fresh-token"}
LONG_AGO = Remaining(next_us=0)


def source_of(platform: str, **fields: Any) -> Source:
    return Source(name="desk", platform=platform, bot_id="orders", **fields)


def ledger_with(source: Source) -> Ledger:
    ledger = ledger_in_memory()
    set_source(ledger, source, now_us=0)
    return ledger


def delivered(ledger: Ledger, payloads: list[dict[str, Any]], *, source: Source) -> Receipt:
    """Deliver webhook payloads."""
    bodies = [json_bytes(payload) for payload in payloads]
    read = batch_from_payloads(bodies, source=source, connector=connector_of(source.platform))
    (receipt,) = append(ledger, [Submission(source=source.name, batches=[read.batch], label="live")], now_us=now_us())
    return receipt


def without_waiting(seconds: float) -> None:
    """Instead of waiting."""


class FolderOfLedger(Folder):
    """Folder whose accounts all have this ledger."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(Path("nowhere"))
        self._ledger = ledger

    @contextmanager
    def reading(self, name: str) -> Iterator[ReadableLedger]:
        del name
        yield self._ledger

    @contextmanager
    def ledger(self, name: str) -> Iterator[Ledger]:
        del name
        yield self._ledger


def task_at(url: str, platform: str, *, rest: Remaining = LONG_AGO, **more: Any) -> PullTask:
    settings = PullSettings(
        account="acme",
        source="desk",
        platform=platform,
        url=url,
        own_account="2" if platform == "chatwoot" else "",
        token=more.pop("token", TOKENS[platform]),
    )
    return PullTask(settings=settings, remaining=rest, **more)


def pulled(ledger: Ledger, api: StandInApi, *, platform: str, **more: Any) -> PullResult:
    """Pull into the ledger; `rest` and `bounds` as in a pull task."""
    task = task_at(api.url, platform, **more)
    return pull(task, folder=FolderOfLedger(ledger), clocks=Clocks(pause=without_waiting))


def sessions_of(ledger: Ledger) -> list[str]:
    return [row[0] for row in ledger.connection.execute("SELECT session_id FROM session ORDER BY 1").fetchall()]


def event_ids_of(ledger: Ledger) -> list[str]:
    return [row[0] for row in ledger.connection.execute("SELECT event_id FROM event ORDER BY 1").fetchall()]
