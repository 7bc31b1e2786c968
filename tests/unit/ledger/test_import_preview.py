"""A dry run of an import: exact, without a trace, and beside live events."""

from collections.abc import Iterator

import pytest
from tests.support.ledgers import NOW_US, Event, append_events, batch, event
from tests.support.live_batches import append_live, live_batch

from botmeter.domain.errors import Refused
from botmeter.domain.receipt import Rejection
from botmeter.ledger.append import Submission, append
from botmeter.ledger.folder import Folder
from botmeter.ledger.import_preview import ImportPreview, import_preview
from botmeter.ledger.imports import ImportedFile, imports
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.ledger.quarantine import quarantined
from botmeter.ledger.restatements import restated_days
from botmeter.ledger.verify import verify
from botmeter.metering.schema import EventBatch

KNOWN = [
    event("k1", "2026-03-01T10:00", bot_name="Bot"),
    event("k2", "2026-03-02T11:00", customer_id="c2", conversation_id="v2"),
    event("k3", "2026-03-04T11:00"),
]
NEW = [
    event("n1", "2026-02-28T12:00", bot_name="Older"),
    event("n2", "2026-03-02T10:30", customer_id="c2", conversation_id="v2", ticket_id="t1"),
    event("n3", "2026-03-04T12:00", bot_id="new", channel="sms", conversation_id="v3", customer_id="c3"),
]
BAD = Rejection(index=9, event_id="n9", code="time_invalid", detail="Not a time.", raw=b"{}")


def submission(batches: "Iterator[EventBatch] | list[EventBatch]") -> Submission:
    return Submission(source="s", batches=batches, label="a.csv", file=ImportedFile(name="a.csv"))


def file_of(*events: Event) -> Submission:
    return submission([batch(events, rejections=(BAD,))])


def rows(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    names = ledger.connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY 1"
    ).fetchall()
    return {name: ledger.connection.execute(f"SELECT * FROM {name}").fetchall() for (name,) in names}


@pytest.fixture
def shared(folder: Folder, acme: str) -> Iterator[SharedFolder]:
    """The folder of a server, with an account acme that has the known events."""
    with folder.ledger(acme) as ledger:
        append_events(ledger, *KNOWN)
    ledgers = OpenLedgers(folder)
    yield SharedFolder(ledgers)
    ledgers.close()


def preview(shared: SharedFolder, *submissions: Submission) -> ImportPreview:
    with shared.rehearsing("acme") as ledger:
        return import_preview(ledger, submissions, now_us=NOW_US)


@pytest.mark.slow
def test_it_says_what_the_import_then_does_and_leaves_every_table_as_it_was(shared: SharedFolder) -> None:
    with shared.ledger("acme") as ledger:
        before = rows(ledger)
        restated_before = len(restated_days(ledger))
        version = ledger.version
    tried = preview(shared, file_of(*KNOWN[:2], *NEW))
    with shared.ledger("acme") as ledger:
        assert (rows(ledger), ledger.version) == (before, version)
        receipts = append(ledger, [file_of(*KNOWN[:2], *NEW)], now_us=NOW_US)
        count = len(rows(ledger)["session"]) - len(before["session"])
        restated = len(restated_days(ledger)) - restated_before
    assert list(tried.receipts) == receipts
    assert (receipts[0].accepted, receipts[0].duplicates, receipts[0].rejected) == (3, 2, 1)
    assert (tried.sessions.difference, tried.sessions.restated_day_count) == (count, restated)
    assert tried.sessions.day_count >= restated > 0


@pytest.mark.slow
def test_live_events_are_accepted_during_a_dry_run_and_counted_after_it(shared: SharedFolder) -> None:
    live = event("live", "2026-03-05T10:00", bot_id="live only")

    def batches() -> Iterator[EventBatch]:
        yield batch(NEW[:2])
        with shared._ledgers.appending_live("acme") as ledger:
            [receipt] = append_live(ledger, live_batch([live]))
            assert receipt.accepted == 1
        yield batch(NEW[2:])

    assert preview(shared, submission(batches())).receipts[0].accepted == 3
    with shared.ledger("acme") as ledger:
        events = {event_id for (event_id,) in ledger.connection.execute("SELECT event_id FROM event").fetchall()}
        assert events == {"k1", "k2", "k3", "live"}
        assert append_events(ledger, live).duplicates == 1
        assert append_events(ledger, *NEW).accepted == 3
        assert verify(ledger).is_clean


@pytest.mark.slow
def test_an_import_after_a_dry_run_that_failed_is_whole(shared: SharedFolder) -> None:
    def torn() -> Iterator[EventBatch]:
        yield batch(NEW)
        raise Refused("file_truncated", "The file ends.")

    with pytest.raises(Refused, match="ends"):
        preview(shared, submission(torn()))
    with shared.ledger("acme") as ledger:
        assert append(ledger, [file_of(*NEW)], now_us=NOW_US)[0].accepted == 3
        assert [each.number for each in imports(ledger)] == [1]
        assert len(quarantined(ledger)) == 1
        assert verify(ledger).is_clean
