"""Known events of a source, erased ones included; and webhooks that come after a pull."""

import pytest
from tests.support.ledgers import NOW_US, append_events, event, ledger_in_memory

from botmeter.domain.instant import us_from_text
from botmeter.ledger.event_rows import active_conversations, known_instants

AT = "2026-03-01T10:00"
PULLED = {"told_by": "pull", "time_source": "second"}


def test_stored_events_are_known_with_their_instants() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, event("m1", AT, source="desk"), event("m2", AT, source="other"))
    known = known_instants(ledger, "desk", event_ids=["m1", "m2", "m3", "m1"])
    assert known == {"m1": us_from_text(f"{AT}:00Z")}
    assert known_instants(ledger, "desk", event_ids=[]) == {}


def test_erased_events_are_known_so_that_no_pull_brings_them_back() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, event("m1", AT, source="desk"))
    ledger.connection.execute(
        "UPDATE event SET event_id = 'erased:1', is_erased = true, "
        "conversation_id = 'erased-1', is_conversation_erased = true"
    )
    assert "m1" in known_instants(ledger, "desk", event_ids=["m1"])
    assert active_conversations(ledger, "desk", first_us=0) == []


def test_conversations_are_active_up_to_their_latest_event() -> None:
    ledger = ledger_in_memory()
    late = event("m2", "2026-03-02T10:00", source="desk", conversation_id="v1")
    append_events(ledger, event("m1", AT, source="desk", conversation_id="v1"), late, event("m3", AT, source="x"))
    known = active_conversations(ledger, "desk", first_us=us_from_text("2026-03-01T11:00:00Z"))
    assert known == [("v1", us_from_text("2026-03-02T10:00:00Z"))]


@pytest.mark.parametrize(
    ("sent", "is_conflict"),
    [
        ({}, False),
        ({"at": f"{AT}:00.987Z", "bot_id": "b2", "actor": "bot", "ticket_id": "t9"}, False),
        ({"at": f"{AT}:01Z"}, True),
        ({"customer_id": "c9"}, True),
        ({"conversation_id": "v9"}, True),
        ({"kind": "resolved", "actor": "system"}, True),
    ],
)
def test_a_webhook_with_more_fields_after_a_pull_is_a_duplicate(sent: dict[str, str], is_conflict: bool) -> None:
    ledger = ledger_in_memory()
    append_events(ledger, event("m1", f"{AT}:00Z", attributes=PULLED), is_pulled=True)
    more = dict(sent)
    receipt = append_events(ledger, event("m1", more.pop("at", f"{AT}:00.250Z"), **more))
    assert (receipt.accepted, receipt.conflicts) == (0, int(is_conflict))
    assert receipt.duplicates == int(not is_conflict)


@pytest.mark.parametrize("attributes", [None, PULLED], ids=["no attributes", "attributes like those of a pull"])
def test_a_sent_event_with_another_time_is_a_conflict(attributes: dict[str, str] | None) -> None:
    ledger = ledger_in_memory()
    # A sender may write anything into its attributes.
    append_events(ledger, event("m1", f"{AT}:00Z", attributes=attributes))
    assert append_events(ledger, event("m1", f"{AT}:00.250Z"), now_us=NOW_US).conflicts == 1
