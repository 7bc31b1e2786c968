"""Undoing an import: what remains is what the other submissions alone would have given."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.ledgers import NOW_US, Event, append_events, batch, event, ledger_in_memory
from tests.support.table_meaning import table_meaning

from botmeter.domain.errors import Conflict, Missing, Refused
from botmeter.domain.instant import DAY_US
from botmeter.domain.receipt import Receipt, Rejection
from botmeter.ledger.append import Submission, append
from botmeter.ledger.erase import erase
from botmeter.ledger.event_rows import has_events, known_instants
from botmeter.ledger.folder import Folder
from botmeter.ledger.import_undo import LaterRepeats, undo_import, undo_preview
from botmeter.ledger.imports import ImportedFile, ImportKind, import_numbered, imports
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import QuarantineFilter, quarantined, restore_discarded
from botmeter.ledger.restatements import Cause, restatements
from botmeter.ledger.settings import named_bots
from botmeter.ledger.verify import verify
from botmeter.metering.policy import FRESHCHAT, Policy
from botmeter.sources.requeue import retry

DISCARDED = QuarantineFilter(is_discarded=True)
WRONG = "the wrong file"
IDLE = Policy(name="idle", scope=("conversation", "channel"), idle_timeout_us=DAY_US // 24, max_turns=2)


def import_file(ledger: Ledger, *events: Event, name: str = "a.csv", **about: Any) -> Receipt:
    rejections = about.pop("rejections", ())
    submission = Submission(
        source="s",
        batches=[batch(events, rejections=rejections)],
        label=name,
        file=ImportedFile(name=name, **about),
    )
    [receipt] = append(ledger, [submission], now_us=NOW_US)
    return receipt


def rejection(index: int, event_id: str | None, *, raw: bytes = b"{}", code: str = "time_invalid") -> Rejection:
    return Rejection(index=index, event_id=event_id, code=code, detail="Not a time.", raw=raw)


def undo(ledger: Ledger, number: int) -> Any:
    return undo_import(ledger, number, reason=WRONG, by="ada@example.org", now_us=NOW_US)


@pytest.fixture
def ledger() -> Ledger:
    return ledger_in_memory()


ONE = [
    event("a1", "2026-03-01T10:00", customer_id="c1", conversation_id="v1", bot_name="Old bot"),
    event("a2", "2026-03-03T10:00", customer_id="c1", conversation_id="v2", ticket_id="t1", ticket_type="bug"),
    event("a3", "2026-03-02T10:00", customer_id="c2", conversation_id="v3", bot_id="b9", bot_name="Only here"),
    event("a4", "2026-03-05T10:00", customer_id="c3", conversation_id="v4", channel="sms"),
]
OTHER = [
    event("b1", "2026-03-01T12:00", customer_id="c1", conversation_id="v1", bot_name="Bot"),
    event("b2", "2026-03-02T11:00", customer_id="c1", conversation_id="v2"),
    event("b3", "2026-03-04T09:00", customer_id="c2", conversation_id="v3", ticket_id="t2"),
    event("b4", "2026-03-05T11:00", customer_id="c4", conversation_id="v4", bot_id="b2", bot_name="Second"),
]


@pytest.mark.parametrize("policy", [FRESHCHAT, pytest.param(IDLE, marks=pytest.mark.slow)], ids=["freshchat", "idle"])
@pytest.mark.parametrize(
    "is_first",
    [True, pytest.param(False, marks=pytest.mark.slow)],
    ids=["undo the first", "undo the second"],
)
def test_what_remains_is_what_the_other_import_alone_gives(policy: Policy, is_first: bool) -> None:
    both, alone = ledger_in_memory(policy), ledger_in_memory(policy)
    import_file(both, *(ONE if is_first else OTHER))
    import_file(both, *(OTHER if is_first else ONE))
    import_file(alone, *OTHER)
    undo(both, 1 if is_first else 2)
    assert table_meaning(both) == table_meaning(alone)
    assert named_bots(both) == named_bots(alone)
    verification = verify(both)
    assert verification.is_clean, verification.differences


@pytest.mark.slow
def test_a_small_import_in_a_large_ledger_is_undone_by_metering_its_customers_alone(ledger: Ledger) -> None:
    others = [event(f"o{number}", "2026-03-01T08:00", customer_id=f"x{number}") for number in range(60)]
    import_file(ledger, *others, *OTHER)
    before = table_meaning(ledger)
    import_file(ledger, *ONE)
    undone = undo(ledger, 2)
    assert table_meaning(ledger) == before
    assert undone.sessions is not None
    assert (undone.event_count, undone.sessions.difference) == (4, -3)


@pytest.mark.slow
def test_the_only_ticket_of_a_ledger_leaves_the_sessions_of_other_days(ledger: Ledger) -> None:
    others = [event(f"o{number}", "2026-03-01T08:00", customer_id=f"x{number}") for number in range(30)]
    import_file(ledger, *others, event("b1", "2026-03-01T10:00", conversation_id="v9", customer_id="c9"))
    before = table_meaning(ledger)
    import_file(ledger, event("a1", "2026-03-09T10:00", conversation_id="v9", customer_id="c9", ticket_id="t1"))
    undo(ledger, 2)
    assert table_meaning(ledger) == before


@pytest.mark.slow
def test_an_import_is_listed_with_what_was_imported_by_whom_and_why_it_was_undone(ledger: Ledger) -> None:
    import_file(ledger, *ONE, name="july.csv", size_bytes=71, mapping="kind = 'x'", by="bob@example.org")
    import_file(ledger, *OTHER, name="demo", kind=ImportKind.SAMPLE)
    undo(ledger, 1)
    second, first = imports(ledger)
    assert (first.number, first.file_name, first.size_bytes, first.mapping) == (1, "july.csv", 71, "kind = 'x'")
    assert (first.source, first.accepted, first.imported_by, first.imported_at) == ("s", 4, "bob@example.org", NOW_US)
    assert (first.undone_at, first.undone_by, first.undone_for) == (NOW_US, "ada@example.org", WRONG)
    assert (second.number, second.kind, second.undone_at) == (2, ImportKind.SAMPLE, None)
    assert [each.number for each in imports(ledger, before=2, limit=1)] == [1]
    assert import_numbered(ledger, 2) == second


def test_live_events_and_pulls_are_no_imports(ledger: Ledger) -> None:
    append_events(ledger, *ONE)
    assert imports(ledger) == []


@pytest.mark.slow
def test_an_undone_import_is_a_restatement_with_a_cause_of_its_own(ledger: Ledger) -> None:
    import_file(ledger, *OTHER)
    import_file(ledger, *ONE, name="july.csv")
    undone = undo(ledger, 2)
    own = [each for each in restatements(ledger) if each.cause is Cause.IMPORT_UNDONE]
    assert {each.label for each in own} == {"import 2 undone (july.csv)"}
    assert undone.sessions is not None
    assert undone.sessions.day_count == len(own)
    assert undone.sessions.restated_day_count == sum(each.after_count != each.before_count for each in own)
    assert sum(each.after_count - each.before_count for each in own) == undone.sessions.difference
    assert all(each.because_count == 0 for each in own)


@pytest.mark.slow
def test_no_restatement_names_an_event_that_left(ledger: Ledger) -> None:
    import_file(ledger, *OTHER)
    import_file(ledger, *ONE)
    assert any(each.because for each in restatements(ledger))
    undo(ledger, 2)
    assert not any(each.because for each in restatements(ledger))


def test_a_ledger_whose_only_import_was_undone_has_no_events(ledger: Ledger) -> None:
    assert not has_events(ledger)
    import_file(ledger, *ONE)
    assert has_events(ledger)
    undo(ledger, 1)
    assert not has_events(ledger)
    assert named_bots(ledger) == []


@pytest.mark.slow
def test_an_undone_file_can_be_imported_again(ledger: Ledger) -> None:
    import_file(ledger, *ONE)
    before = table_meaning(ledger)
    undo(ledger, 1)
    assert import_file(ledger, *ONE).accepted == 4
    assert table_meaning(ledger) == before


@pytest.mark.slow
def test_events_that_a_later_file_repeated_leave_and_the_file_is_named(ledger: Ledger) -> None:
    import_file(ledger, *ONE)
    import_file(ledger, *ONE[:3], *OTHER, name="b.csv")
    append_events(ledger, ONE[3])
    undone = undo(ledger, 1)
    assert undone.later_repeats == (
        LaterRepeats(import_no=2, label="b.csv", duplicates=3, conflicts=0),
        LaterRepeats(import_no=None, label="", duplicates=1, conflicts=0),
    )
    assert import_file(ledger, *ONE[:3], *OTHER, name="b.csv").accepted == 3


@pytest.mark.slow
def test_the_latest_event_is_no_longer_that_of_an_undone_import(ledger: Ledger) -> None:
    import_file(ledger, event("a1", "2026-05-30T10:00"))
    undo(ledger, 1)
    import_file(ledger, event("b1", "2026-03-01T10:00"))
    import_file(ledger, event("b2", "2026-03-02T10:00"))
    assert [each.cause for each in restatements(ledger)] == [Cause.IMPORT_UNDONE]


@pytest.mark.parametrize(
    ("refuse", "family", "code"),
    [
        (lambda ledger: undo_import(ledger, 2, reason=WRONG, now_us=NOW_US), Missing, "import_unknown"),
        (lambda ledger: undo_import(ledger, 1, reason=WRONG, now_us=NOW_US), Conflict, "import_undone"),
        (lambda ledger: undo_import(ledger, 1, reason=" ", now_us=NOW_US), Refused, "reason_invalid"),
        (lambda ledger: undo_import(ledger, 1, reason="a\nb", now_us=NOW_US), Refused, "reason_invalid"),
        (lambda ledger: undo_import(ledger, 1, reason="a" * 201, now_us=NOW_US), Refused, "reason_invalid"),
    ],
)
def test_what_can_t_be_undone_is_refused(
    ledger: Ledger, refuse: Callable[[Ledger], object], family: type[Refused], code: str
) -> None:
    import_file(ledger, *ONE)
    undo(ledger, 1)
    with pytest.raises(family) as refused:
        refuse(ledger)
    assert (type(refused.value), refused.value.code) == (family, code)


@pytest.mark.slow
def test_a_preview_says_what_would_happen_and_changes_nothing(ledger: Ledger) -> None:
    import_file(ledger, *OTHER)
    import_file(ledger, *ONE, rejections=(rejection(9, "a9"),))
    before = {name: ledger.connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables(ledger)}
    preview = undo_preview(ledger, 2, now_us=NOW_US)
    assert before == {name: ledger.connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables(ledger)}
    undone = undo(ledger, 2)
    assert (preview.event_count, preview.sessions, preview.discarded_count) == (4, undone.sessions, 1)


def tables(ledger: Ledger) -> list[str]:
    rows = ledger.connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY 1")
    return [name for (name,) in rows.fetchall()]


@pytest.mark.slow
def test_its_quarantined_events_are_discarded_and_can_be_brought_back(ledger: Ledger) -> None:
    import_file(ledger, *OTHER, rejections=(rejection(9, None, raw=b"other"),))
    import_file(ledger, *ONE, rejections=(rejection(9, "a9", raw=b"own"),))
    assert undo(ledger, 2).discarded_count == 1
    assert [each.raw for each in quarantined(ledger)] == [b"other"]
    [discarded] = quarantined(ledger, DISCARDED)
    assert (discarded.raw, discarded.discarded_at, discarded.discarded_by) == (b"own", NOW_US, "ada@example.org")
    assert discarded.discarded_for == f"import 2 undone: {WRONG}"
    assert restore_discarded(ledger, [discarded.number]) == 1
    assert [each.raw for each in quarantined(ledger)] == [b"other", b"own"]


@pytest.mark.slow
def test_an_entry_that_another_import_brought_too_waits_until_both_are_undone(ledger: Ledger) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        import_file(ledger, rejections=(rejection(0, "a9"),), name=name)
    assert len(quarantined(ledger)) == 1
    for number in (1, 3):
        assert undo(ledger, number).discarded_count == 0
        assert len(quarantined(ledger)) == 1
    assert undo(ledger, 2).discarded_count == 1
    assert quarantined(ledger) == []


@pytest.mark.slow
def test_an_entry_that_came_live_too_stays(ledger: Ledger) -> None:
    import_file(ledger, rejections=(rejection(0, "a9"),))
    live = Submission(source="s", batches=[batch([], rejections=(rejection(0, "a9"),))], label="pull")
    append(ledger, [live], now_us=NOW_US)
    assert undo(ledger, 1).discarded_count == 0
    assert len(quarantined(ledger)) == 1


@pytest.mark.slow
def test_an_undone_file_s_rejections_wait_when_it_is_imported_again(ledger: Ledger) -> None:
    import_file(ledger, rejections=(rejection(0, "a9"),))
    undo(ledger, 1)
    import_file(ledger, rejections=(rejection(0, "a9"),))
    assert (len(quarantined(ledger)), len(quarantined(ledger, DISCARDED))) == (1, 1)


def test_an_entry_whose_corrected_event_left_waits_again(ledger: Ledger) -> None:
    import_file(ledger, rejections=(rejection(0, "a1"),))
    import_file(ledger, *ONE)
    assert quarantined(ledger) == []
    undo(ledger, 2)
    assert [each.event_id for each in quarantined(ledger)] == ["a1"]


@pytest.mark.slow
def test_events_accepted_from_its_quarantine_leave_with_it(ledger: Ledger) -> None:
    import_file(ledger, *OTHER)
    before = table_meaning(ledger)
    early = [event("e1", "2021-01-01T10:00"), event("e2", "2021-01-02T10:00")]
    import_file(ledger, early[0])
    append_events(ledger, early[1])
    ledger.connection.execute("INSERT INTO account_term VALUES (1, 'acme', DATE '2020-01-01', NULL, NULL)")
    ledger.reload()
    assert retry(ledger, now_us=NOW_US).accepted == 2
    assert quarantined(ledger) == []
    assert undo(ledger, 2).event_count == 1
    assert [each.event_id for each in quarantined(ledger, DISCARDED)] == ["e1"]
    assert len(table_meaning(ledger)["event"]) == len(before["event"]) + 1


@pytest.mark.slow
def test_an_erased_customer_stays_erased_when_the_file_is_imported_again(folder: Folder, acme: str) -> None:
    with folder.ledger(acme) as ledger:
        import_file(ledger, *ONE, *OTHER)
    erase(folder, acme, customer_id="c1")
    with folder.ledger(acme) as ledger:
        undo(ledger, 1)
        receipt = import_file(ledger, *ONE, *OTHER)
        assert (receipt.accepted, receipt.duplicates) == (4, 4)
        assert set(known_instants(ledger, "s", event_ids=["a1", "b4"])) == {"a1", "b4"}
        customers = ledger.connection.execute("SELECT DISTINCT customer_id FROM event ORDER BY 1").fetchall()
        assert customers == [("c2",), ("c3",), ("c4",)]
    with folder.ledger(acme) as ledger:
        assert import_file(ledger, ONE[0]).duplicates == 1


@pytest.mark.slow
def test_an_erasure_removes_the_customer_from_reasons_and_discarded_entries(folder: Folder, acme: str) -> None:
    with folder.ledger(acme) as ledger:
        import_file(ledger, *OTHER)
        import_file(ledger, *ONE, rejections=(rejection(9, "a9", raw=b'{"customer_id": "c1"}'), rejection(10, "a10")))
        undo_import(ledger, 2, reason="c1 is not c12", now_us=NOW_US)
    assert erase(folder, acme, customer_id="c1").quarantine_count == 1
    with folder.ledger(acme) as ledger:
        reason = str(import_numbered(ledger, 2).undone_for)
        assert re.fullmatch("erased-[0-9a-f-]+ is not c12", reason)
        assert [each.discarded_for for each in quarantined(ledger, DISCARDED)] == [f"import 2 undone: {reason}"]
