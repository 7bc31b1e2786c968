"""WhatsApp's changes by their field, and its notes on customers with a second id."""

import json
from typing import Any

import pytest
from tests.support.ledgers import NOW_US, ledger_in_memory
from tests.support.payloads import read_all
from tests.unit.sources.test_whatsapp import (
    NUMBER,
    PERSON,
    SOURCE,
    change,
    message,
    status,
    statuses,
    webhook,
    webhook_of,
)

from botmeter.ledger.append import Submission, append
from botmeter.ledger.quarantine import quarantined
from botmeter.ledger.sources import set_source
from botmeter.sources.payloads.payload import refused_payload
from botmeter.sources.payloads.payload_batches import batch_from_pulled
from botmeter.sources.requeue import retry

OWN_NUMBER = "4930555000"
HISTORY = "A message of a history, from before the number was connected, never counts."
MERGE = "Customers → Merge customers"
# Their last four characters are distinct.
OLD, NEW, OLD_USER, NEW_USER = "4915100001111", "4915100002222", "DE.9993333", "DE.9994444"


def thread(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"phase": 0}, "threads": [{"id": PERSON, "messages": list(messages)}]}


def notes_of(*payloads: object) -> tuple[str, ...]:
    return tuple(note for each in read_all(*payloads, source=SOURCE).payloads for note in each.content.notes)


@pytest.mark.parametrize(
    ("value", "sentence", "count"),
    [
        ({"history": [thread(message(), message()), thread(message())]}, HISTORY, 3),
        ({"messages": [message(type="image")]}, HISTORY, 1),
        ({"messages": [message(**{"from": OWN_NUMBER, "type": "image"})]}, HISTORY, 1),
        ({"messages": [message(type="hologram")]}, HISTORY, 1),
        ({"history": []}, HISTORY, 1),
        (
            {"history": [{"errors": [{"code": 1}]}]},
            "The business did not share its history, which would not count.",
            1,
        ),
    ],
)
def test_a_history_and_its_media_never_count(value: dict[str, Any], sentence: str, count: int) -> None:
    (read,) = read_all(webhook(change(field="history", **value)), source=SOURCE).payloads
    assert (read.content.records, dict(read.content.ignored)) == ((), {sentence: count})


def test_a_history_that_an_earlier_version_refused_leaves_quarantine_and_counts_nothing() -> None:
    ledger = ledger_in_memory()
    set_source(ledger, SOURCE, now_us=NOW_US)
    payload = json.dumps(webhook(change(field="history", messages=[message(type="hologram")]))).encode()
    batch = batch_from_pulled([], refused=[(payload, refused_payload("Unknown type of message 'hologram'."))])
    append(ledger, [Submission(source=SOURCE.name, batches=[batch], label="a request")], now_us=NOW_US)
    assert retry(ledger, now_us=NOW_US).total == 0
    assert list(quarantined(ledger)) == []
    assert ledger.connection.execute("SELECT count(*) FROM event").fetchall() == [(0,)]


@pytest.mark.parametrize(
    "lists", [{"messages": [message()]}, {"statuses": [status()]}, {"message_echoes": [message()]}]
)
@pytest.mark.parametrize("field", ["standby", "calls", "messages_of_next_year"])
def test_messages_of_an_unknown_field_never_count(field: str, lists: dict[str, Any]) -> None:
    result = read_all(webhook(change(field=field, **lists)), source=SOURCE)
    assert (result.events, result.codes) == ([], [])
    assert result.ignored == (
        f"Messages of the field {field} never count, only those of messages and smb_message_echoes.",
    )


def test_echoes_are_read_from_their_own_list_alone() -> None:
    result = read_all(webhook(change(field="smb_message_echoes", messages=[message()])), source=SOURCE)
    assert (result.events, len(result.ignored)) == ([], 1)


def test_messages_without_a_field_are_quarantined_whole() -> None:
    (rejection,) = read_all(webhook(change(field="", messages=[message()])), source=SOURCE).rejections
    assert "names no field" in rejection.detail


@pytest.mark.parametrize("display", [OWN_NUMBER, "+49 (30) 555-000"])
def test_the_business_is_never_its_own_customer(display: str) -> None:
    own = {"metadata": {"display_phone_number": display, "phone_number_id": NUMBER}}
    for lists in (
        {"messages": [message(**{"from": OWN_NUMBER})]},
        {"messages": [message(**{"from": f"+{OWN_NUMBER}"})]},
        {"statuses": [status(recipient_id=OWN_NUMBER)]},
        {"message_echoes": [message(to=OWN_NUMBER)]},
    ):
        result = read_all(webhook(change(**lists, **own)), source=SOURCE)
        assert (result.events, result.ignored) == (
            [],
            ("A message of or to the business's own number has no customer.",),
        )


def test_a_change_alone_is_read_as_in_its_webhook() -> None:
    whole = read_all(webhook_of(message()), source=SOURCE).events
    alone = change(messages=[message()])
    spread = {**alone["value"], "field": "messages"}
    assert read_all(alone, source=SOURCE).events == whole
    assert read_all(spread, source=SOURCE).events == whole
    assert read_all({"id": "990001", "changes": [alone]}, source=SOURCE).events == whole
    assert read_all([alone, spread], source=SOURCE).events == whole * 2
    (rejection,) = read_all(alone["value"], source=SOURCE).rejections
    assert "without its field" in rejection.detail
    assert '"object": "whatsapp_business_account"' in rejection.detail


def system(kind: str, **fields: object) -> dict[str, Any]:
    sender = {name: fields.pop(name) for name in ("from", "from_user_id") if name in fields}
    notice = {name: value for name, value in message(type="system").items() if name != "from"}
    return webhook_of({**notice, **sender, "system": {"type": kind, "body": "S changed", **fields}})


def user_id_update(**fields: object) -> dict[str, Any]:
    update = {"detail": "updated", "user_id": {"previous": OLD_USER, "current": NEW_USER}, **fields}
    return webhook(change(field="user_id_update", user_id_update=[update]))


NUMBER_BECAME = "A customer's number ending in 1111 became one ending in 2222: merge the two"
USER_ID_BECAME = "A customer's user ID ending in 3333 became one ending in 4444: merge the two"
BOTH = "A customer has a number ending in 2222 and a user ID ending in 4444: merge the two"


@pytest.mark.parametrize(
    ("payload", "notes"),
    [
        (system("user_changed_number", **{"from": OLD}, wa_id=NEW), [NUMBER_BECAME]),
        (system("user_changed_number", **{"from": OLD}, new_wa_id=NEW), [NUMBER_BECAME]),
        (system("customer_changed_number", **{"from": OLD}, wa_id=NEW, customer=OLD), [NUMBER_BECAME]),
        (system("customer_changed_number", **{"from": NEW}, wa_id=NEW, customer=OLD), [NUMBER_BECAME]),
        (system("customer_identity_changed", **{"from": OLD}, wa_id=NEW), [NUMBER_BECAME]),
        (system("user_moved_somehow", **{"from": OLD}, wa_id=NEW), [NUMBER_BECAME]),
        (
            system("user_changed_user_id", user_id=NEW_USER, body=f"User to from a to b from {OLD_USER} to {NEW_USER}"),
            [USER_ID_BECAME],
        ),
        (system("user_changed_user_id", user_id=NEW_USER, previous_user_id=OLD_USER), [USER_ID_BECAME]),
        (system("user_changed_user_id", user_id=NEW_USER, from_user_id=OLD_USER), [USER_ID_BECAME]),
        (system("user_changed_user_id", **{"from": OLD}, wa_id=OLD, user_id=NEW_USER, previous_user_id=OLD_USER), None),
        (user_id_update(), [USER_ID_BECAME]),
        (user_id_update(wa_id=NEW), [USER_ID_BECAME, BOTH]),
        (
            system("user_changed_number", **{"from": OLD}, wa_id=NEW, user_id=NEW_USER, previous_user_id=OLD_USER),
            [NUMBER_BECAME, USER_ID_BECAME, BOTH],
        ),
        (webhook_of(message(**{"from": NEW, "from_user_id": NEW_USER})), [BOTH]),
        (webhook(change(messages=[message()], contacts=[{"wa_id": NEW, "user_id": NEW_USER}])), [BOTH]),
        (statuses(status(recipient_id=NEW, recipient_user_id=NEW_USER)), [BOTH]),
        (statuses(status(status="read", recipient_id=NEW, recipient_user_id=NEW_USER)), [BOTH]),
        (
            webhook(change(field="smb_message_echoes", message_echoes=[message(to=NEW, to_user_id=NEW_USER)])),
            [BOTH],
        ),
    ],
)
def test_a_second_id_is_a_note_with_both_and_the_merge(payload: Any, notes: list[str] | None) -> None:
    result = notes_of(payload)
    expected = notes if notes is not None else [USER_ID_BECAME, BOTH.replace("2222", "1111")]
    assert [note[: len(start)] for note, start in zip(result, expected, strict=True)] == expected
    assert all(MERGE in note and "botmeter customer merge whatsapp:…" in note for note in result)
    assert not any(whole in note for note in result for whole in (OLD, NEW, OLD_USER, NEW_USER))


@pytest.mark.parametrize(
    ("payload", "note"),
    [
        (system("user_changed_number", **{"from": OLD}), "A customer's number ending in 1111 changed; the delivery "),
        (system("user_changed_user_id", user_id=NEW_USER), "A customer's user ID became one ending in 4444; the "),
        (system("user_changed_user_id"), "A customer's user ID changed; the delivery does not name the new one."),
    ],
)
def test_a_second_id_of_which_one_is_missing_is_a_note_that_says_so(payload: Any, note: str) -> None:
    (result,) = notes_of(payload)
    assert result.startswith(note)


def test_a_note_is_the_reason_for_which_a_notice_never_counts() -> None:
    result = read_all(system("user_changed_number", **{"from": OLD}, wa_id=NEW), source=SOURCE)
    assert (result.events, result.ignored) == ([], result.payloads[0].content.notes)
    identity = read_all(system("customer_identity_changed", **{"from": OLD}), source=SOURCE)
    assert identity.ignored == ("A customer's new security code, with the same ID as before, never counts.",)


def test_one_id_alone_or_twice_is_no_note() -> None:
    for fields in ({"from": NEW}, {"from_user_id": NEW_USER}, {"from": NEW, "from_user_id": ""}):
        assert notes_of(webhook_of(message(**fields) | {"from": fields.get("from", "")})) == ()
    assert notes_of(webhook(change(messages=[message()], contacts=[{"wa_id": "", "user_id": NEW_USER}]))) == ()
