"""Erasing a customer: identifiers in no table and not in the file; counts, report and verification unchanged."""

import json
from collections import Counter
from datetime import date
from typing import Any

import pytest
from tests.support.billing_facts import record_facts
from tests.support.ledgers import NOW_US, Event, account_filled_by, append_events, batch, event, made_account

from botmeter.domain.account import Account
from botmeter.domain.errors import Missing, Unavailable
from botmeter.domain.receipt import Rejection
from botmeter.ledger.append import Submission, append
from botmeter.ledger.billing.corrections import corrections
from botmeter.ledger.erase import erase
from botmeter.ledger.erased_ids import ErasedIds
from botmeter.ledger.folder import Folder
from botmeter.ledger.folder_files import accounts_with_unfinished_erasures
from botmeter.ledger.health import ledger_health
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import quarantined
from botmeter.ledger.restatements import restatements
from botmeter.ledger.unfinished_erasures import finish_erasures
from botmeter.ledger.verify import verify
from botmeter.metering.policy import Policy
from botmeter.reports.billed_sessions import billed_sessions
from botmeter.reports.query import RequestedDays, usage_query
from botmeter.reports.usage import usage_report

EVE = "eve+49-151-2345678"
MARKED = [EVE, "wamid.SECRET", "thread-SECRET", "TICKET-SECRET", "attribute-SECRET"]


def events() -> list[Event]:
    eve: dict[str, Any] = {"customer_id": EVE, "conversation_id": "thread-SECRET-1"}
    shared = "thread-SECRET-shared"
    return [
        event("wamid.SECRET-1", "2026-03-01T10:00", **eve, attributes={"note": "attribute-SECRET"}),
        event("wamid.SECRET-2", "2026-03-01T11:00", **eve, ticket_id="TICKET-SECRET", ticket_type="refund"),
        event("wamid.SECRET-3", "2026-03-04T11:00", **eve, ticket_id="T-both", channel="sms"),
        event("wamid.SECRET-4", "2026-03-04T12:00", **{**eve, "conversation_id": shared}),
        event("5", "2026-03-04T12:30", customer_id="c2", conversation_id=shared),
        event("6", "2026-03-02T10:00", customer_id="c2", conversation_id="v2", ticket_id="T-both"),
    ]


def fill(ledger: Ledger) -> None:
    append_events(ledger, *events())
    append_events(
        ledger, event("wamid.SECRET-0", "2026-02-28T10:00", customer_id=EVE, conversation_id="thread-SECRET-1")
    )
    append_events(ledger, {**events()[0], "bot_id": "b2"})
    escaped = EVE.replace("e", "\\u0065").encode()
    raws = [b'{"customer_id": "%s", "event_id": 1}' % escaped, b"\xff \x00 " + EVE.encode(), b'{"customer_id": "c2"}']
    refused = tuple(
        Rejection(index=index, event_id=None, code="field_missing", detail="It is missing.", raw=raw)
        for index, raw in enumerate(raws)
    )
    append(ledger, [Submission(source="s", batches=[batch([], rejections=refused)], label="a file")], now_us=NOW_US)
    record_facts(ledger, by=EVE, reason=f"as {EVE} wrote")


@pytest.fixture
def filled(folder: Folder) -> str:
    return account_filled_by(folder, fill)


def report(ledger: Ledger) -> Any:
    days = RequestedDays(first_on=date(2026, 2, 1), last_on=date(2026, 3, 31))
    return usage_report(ledger, usage_query(ledger.account, now_us=NOW_US, days=days))


def shapes(ledger: Ledger) -> Counter[Any]:
    """The sessions without anything that names a customer."""
    query = "SELECT started_at, ended_at, last_event_at, event_count, closed_by, preview FROM session"
    return Counter(ledger.connection.execute(query).fetchall())


@pytest.mark.slow
def test_no_table_holds_an_identifier_of_the_customer(folder: Folder, filled: str) -> None:
    erase(folder, filled, customer_id=EVE)
    with folder.ledger(filled) as ledger:
        tables = [name for (name,) in ledger.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        assert len(tables) > 10
        for table in tables:
            text = repr(ledger.connection.execute(f"SELECT * FROM {table}").fetchall())
            assert not [mark for mark in MARKED if mark in text], table


@pytest.mark.slow
def test_the_bytes_of_the_file_hold_no_identifier_of_the_customer(folder: Folder, filled: str) -> None:
    content = folder.file_of(filled).read_bytes()
    assert b"SECRET" in content
    erase(folder, filled, customer_id=EVE)
    content = folder.file_of(filled).read_bytes()
    assert not [mark for mark in MARKED if mark.encode() in content]
    assert [file.name for file in (folder.path / "accounts").iterdir()] == [f"{filled}.duckdb"]


@pytest.mark.slow
def test_counts_report_and_verification_stay_as_they_were(folder: Folder, filled: str) -> None:
    with folder.ledger(filled) as ledger:
        report_before, shapes_before = report(ledger), shapes(ledger)
    erase(folder, filled, customer_id=EVE)
    with folder.ledger(filled) as ledger:
        assert shapes(ledger) == shapes_before
        assert report(ledger) == report_before
        assert verify(ledger).is_clean
        assert len(restatements(ledger)) == 1
        assert [row["charge"] for row in billed_sessions(ledger, 0, end_us=NOW_US).to_pylist()][:2] == [1, 0]
        assert corrections(ledger)[0].reason.startswith("as erased-")


@pytest.mark.slow
def test_erasure_counts_its_rows(folder: Folder, filled: str) -> None:
    erased = erase(folder, filled, customer_id=EVE)
    assert (erased.event_count, erased.session_count, erased.conversation_count) == (5, 3, 2)
    assert erased.quarantine_count == 3


@pytest.mark.slow
def test_the_erased_events_sent_again_are_duplicates_and_bring_nothing_back(folder: Folder, filled: str) -> None:
    erase(folder, filled, customer_id=EVE)
    with folder.ledger(filled) as ledger:
        receipt = append_events(ledger, *events())
        assert (receipt.accepted, receipt.duplicates, receipt.conflicts, receipt.rejected) == (0, 6, 0, 0)
        assert EVE not in repr(ledger.connection.execute("SELECT customer_id FROM event").fetchall())
        assert verify(ledger).is_clean


@pytest.mark.slow
def test_erasure_keeps_quarantined_events_of_others(folder: Folder, filled: str) -> None:
    erase(folder, filled, customer_id=EVE)
    with folder.ledger(filled) as ledger:
        assert [each.raw for each in quarantined(ledger)] == [b'{"customer_id": "c2"}']


@pytest.mark.slow
def test_erasing_c1_keeps_quarantined_events_of_c12(folder: Folder, acme: str) -> None:
    with folder.ledger(acme) as ledger:
        append_events(ledger, event("1", "2020-01-01T10:00", customer_id="c12"), event("2", "2020-01-01T10:00"))
    assert erase(folder, acme, customer_id="c1").quarantine_count == 1
    with folder.ledger(acme) as ledger:
        assert [each.event_id for each in quarantined(ledger)] == ["1"]


@pytest.mark.slow
def test_the_other_customers_stay_as_they_are(folder: Folder, filled: str) -> None:
    erase(folder, filled, customer_id=EVE)
    with folder.ledger(filled) as ledger:
        rows = ledger.connection.execute("SELECT event_id, conversation_id FROM event WHERE customer_id = 'c2'")
        conversations = dict(rows.fetchall())
    assert conversations["6"] == "v2"
    assert conversations["5"].startswith("erased-")


@pytest.mark.slow
def test_two_customers_can_be_erased_one_after_the_other(folder: Folder, filled: str) -> None:
    with folder.ledger(filled) as ledger:
        before = report(ledger)
    for customer in (EVE, "c2"):
        erase(folder, filled, customer_id=customer)
    with folder.ledger(filled) as ledger:
        assert report(ledger) == before
        assert verify(ledger).is_clean
        assert append_events(ledger, *events()).duplicates == 6


@pytest.mark.slow
def test_live_events_go_on_after_an_erasure(folder: Folder, filled: str) -> None:
    erase(folder, filled, customer_id=EVE)
    with folder.ledger(filled) as ledger:
        assert append_events(ledger, event("new", "2026-03-01T11:00", customer_id=EVE)).accepted == 1
        assert verify(ledger).is_clean


@pytest.mark.slow
def test_sessions_of_conversations_keep_their_counts_too(folder: Folder) -> None:
    by_conversation = Policy(scope=("conversation",), idle_timeout_us=3_600_000_000)
    name = made_account(folder, Account(name="threads"), policy=by_conversation)
    with folder.ledger(name) as ledger:
        fill(ledger)
        before = shapes(ledger)
    erase(folder, name, customer_id=EVE)
    with folder.ledger(name) as ledger:
        assert shapes(ledger) == before


def test_erasing_an_unknown_customer_is_refused(folder: Folder, filled: str) -> None:
    with pytest.raises(Missing, match="Account acme has no customer 'nobody'") as refused:
        erase(folder, filled, customer_id="nobody")
    assert refused.value.code == "customer_unknown"


class OtherStore:
    """Store outside of the ledger."""

    def __init__(self) -> None:
        self.is_reachable = False
        self.forgotten: list[ErasedIds] = []

    def forget(self, name: str, ids: ErasedIds) -> int:
        assert name == "acme"
        if not self.is_reachable:
            raise Unavailable("erase_unfinished", "It is not reachable.")
        self.forgotten.append(ids)
        return int("left" in ids.customers)


@pytest.mark.slow
def test_an_erasure_is_unfinished_until_every_other_store_has_forgotten_the_ids(folder: Folder, filled: str) -> None:
    store = OtherStore()
    for customer in (EVE, "c2"):
        with pytest.raises(Unavailable):
            erase(folder, filled, customer_id=customer, forget=store.forget)
    with folder.reading(filled) as ledger:
        assert ledger_health(ledger).has_unfinished_erasure
    assert accounts_with_unfinished_erasures(folder.path) == [filled]
    store.is_reachable = True
    finish_erasures(folder, filled, forget=store.forget)
    assert [ids.customers for ids in store.forgotten] == [{EVE}, {"c2"}]
    assert store.forgotten[0].others.keys() >= {"wamid.SECRET-1", "thread-SECRET-1", "TICKET-SECRET"}
    with folder.ledger(filled) as ledger:
        assert not ledger_health(ledger).has_unfinished_erasure
        assert verify(ledger).is_clean
    content = folder.file_of(filled).read_bytes()
    assert not [mark for mark in MARKED if mark.encode() in content]
    assert [file.name for file in (folder.path / "accounts").iterdir()] == [f"{filled}.duckdb"]


@pytest.mark.slow
def test_a_customer_that_only_another_store_has_is_erased_there(folder: Folder, filled: str) -> None:
    store = OtherStore()
    store.is_reachable = True
    assert erase(folder, "ACME", customer_id="left", forget=store.forget).event_count == 0
    assert [ids.customers for ids in store.forgotten] == [{"left"}]
    with pytest.raises(Missing):
        erase(folder, filled, customer_id="nobody", forget=store.forget)


@pytest.mark.slow
def test_a_copied_file_with_an_unfinished_erasure_is_flagged_when_it_is_opened(folder: Folder, filled: str) -> None:
    with pytest.raises(Unavailable):
        erase(folder, filled, customer_id=EVE, forget=OtherStore().forget)
    (folder.path / "accounts" / f"{filled}.erasure").unlink()
    with folder.reading(filled):
        assert accounts_with_unfinished_erasures(folder.path) == [filled]


@pytest.mark.slow
def test_erasing_an_unknown_customer_finishes_an_earlier_erasure(folder: Folder, filled: str) -> None:
    with pytest.raises(Unavailable):
        erase(folder, filled, customer_id=EVE, forget=OtherStore().forget)
    with pytest.raises(Missing):
        erase(folder, filled, customer_id=EVE)
    assert EVE.encode() not in folder.file_of(filled).read_bytes()


@pytest.mark.slow
def test_stored_traces_that_name_the_customer_are_removed(folder: Folder, filled: str) -> None:
    (folder.path / "logs").mkdir()
    for number, text in enumerate((f"GET /acme/customers/{EVE}", "no conversation 'thread-SECRET-1'", "GET /acme")):
        (folder.path / "logs" / f"{number}.txt").write_text(text)
    erase(folder, filled, customer_id=EVE)
    assert [file.name for file in (folder.path / "logs").iterdir()] == ["2.txt"]


@pytest.mark.slow
def test_events_that_the_policy_excludes_stay_excluded(folder: Folder) -> None:
    name = made_account(folder, Account(name="flags"), policy=Policy(exclude=frozenset({"is_test", "preview"})))
    flags = {"is_test": True, "is_other": True, "note": "attribute-SECRET"}
    with folder.ledger(name) as ledger:
        append_events(
            ledger,
            event("1", "2026-03-01T10:00", customer_id=EVE, attributes=flags),
            event("2", "2026-03-05T10:00", customer_id=EVE, attributes={"is_test": False}),
        )
        before = shapes(ledger)
    erase(folder, name, customer_id=EVE)
    with folder.ledger(name) as ledger:
        assert shapes(ledger) == before
        assert verify(ledger).is_clean
        rows = ledger.connection.execute("SELECT attributes FROM event ORDER BY occurred_at").fetchall()
    assert rows == [('{"is_test":true}',), (None,)]


@pytest.mark.slow
def test_attributes_of_others_do_not_name_the_customer_and_are_known_again(folder: Folder, acme: str) -> None:
    naming = event(
        "1", "2026-03-01T10:00", attributes={"by": f"a\n{EVE}.", "like": f"{EVE}0", "to": [123456, 1234567.50]}
    )
    short = event("2", "2026-03-01T11:00", attributes={"rating": "7"})
    customers = (EVE, "123456", "7")
    with folder.ledger(acme) as ledger:
        append_events(ledger, naming, short, *(event(each, "2026-03-02T10:00", customer_id=each) for each in customers))
    erased = [erase(folder, acme, customer_id=each).pseudonym for each in customers]
    with folder.ledger(acme) as ledger:
        query = "SELECT attributes FROM event WHERE attributes IS NOT NULL ORDER BY occurred_at"
        first, second = (json.loads(text) for (text,) in ledger.connection.execute(query).fetchall())
        assert first == {"by": f"a\n{erased[0]}.", "like": f"{EVE}0", "to": [erased[1], 1234567.5]}
        assert second == {"rating": "7"}
        assert append_events(ledger, naming, short).duplicates == 2
        assert verify(ledger).is_clean
