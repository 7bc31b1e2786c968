"""Notes on customers who have a second id: two customers until they are merged.

Notes are kept with deliveries, which outlive an erased customer, so they show the last characters of an id only.
"""

import re
from collections.abc import Iterator

from botmeter.domain.text import MASK
from botmeter.sources.payloads.payload import MERGE_PAGE
from botmeter.sources.payloads.payload_json import JsonObject, first_text, object_of, objects_in_list, text_of

CHANNEL = "whatsapp"
_SHOWN_CHARACTERS = 4
_NUMBER_CHANGES = ("user_changed_number", "customer_changed_number")
_USER_ID_CHANGE = "user_changed_user_id"
# The end of WhatsApp's own sentence, where alone it names the former user id, after the customer's name.
_FORMER_AND_NEW = re.compile(r"from (\S+) to (\S+)\s*\Z")
_SENTENCE_END_CHARACTERS = 300


def customer_id_of(person: str) -> str:
    """Id of a customer, from a number or user id."""
    return f"{CHANNEL}:{person.removeprefix('+')}"


def notes_on_system_message(message: JsonObject) -> Iterator[str]:
    """Yield notes on the ids that a system message replaces."""
    system = object_of(message.get("system"))
    number = first_text(system.get("wa_id"), system.get("new_wa_id"))
    user_id = first_text(system.get("user_id"), system.get("new_user_id"))
    former_number = _other(number, system.get("customer"), message.get("from"))
    former_user_id = _former_user_id(message, system, user_id=user_id)
    kind = text_of(system.get("type"))
    yield from _replaced("number", former=former_number, new=number, is_sure=kind in _NUMBER_CHANGES)
    yield from _replaced("user ID", former=former_user_id, new=user_id, is_sure=kind == _USER_ID_CHANGE)
    yield from note_on_two_ids(number, user_id)


def notes_on_update(update: JsonObject) -> Iterator[str]:
    """Yield notes on one `user_id_update`."""
    ids = object_of(update.get("user_id"))
    former, current = text_of(ids.get("previous")), text_of(ids.get("current"))
    yield from _replaced("user ID", former=former, new=current, is_sure=True)
    yield from note_on_two_ids(text_of(update.get("wa_id")), current)


def notes_on_contacts(contacts: object) -> Iterator[str]:
    """Yield notes on contacts with number and user id."""
    for contact in objects_in_list(contacts):
        yield from note_on_two_ids(contact.get("wa_id"), contact.get("user_id"))


def note_on_two_ids(number: object, user_id: object) -> Iterator[str]:
    """Yield a note if one customer has both."""
    known_as, hidden_as = text_of(number), text_of(user_id)
    if known_as is not None and hidden_as is not None and known_as != hidden_as:
        yield (
            f"A customer has a number {_ending(known_as)} and a user ID {_ending(hidden_as)}: "
            f"{_merge(known_as, hidden_as)}"
        )


def _replaced(what: str, *, former: str | None, new: str | None, is_sure: bool) -> Iterator[str]:
    if former is not None and new is not None:
        if former != new:
            yield f"A customer's {what} {_ending(former)} became one {_ending(new)}: {_merge(new, former)}"
    elif new is not None and is_sure:
        yield f"A customer's {what} became one {_ending(new)}; the delivery does not name the former one."
    elif is_sure:
        subject = f"A customer's {what}" if former is None else f"A customer's {what} {_ending(former)}"
        yield f"{subject} changed; the delivery does not name the new one."


def _merge(customer: str, alias: str) -> str:
    command = f"botmeter customer merge {_masked(customer)} {_masked(alias)}, with the whole IDs"
    return f"merge the two under {MERGE_PAGE} ({command}), so that they count as one."


def _former_user_id(message: JsonObject, system: JsonObject, *, user_id: str | None) -> str | None:
    named = _other(user_id, system.get("previous_user_id"), message.get("from_user_id"))
    in_words = _FORMER_AND_NEW.search((text_of(system.get("body")) or "")[-_SENTENCE_END_CHARACTERS:])
    if named is None and in_words is not None and in_words[2] == user_id:
        return _other(user_id, in_words[1])
    return named


def _other(new: str | None, *candidates: object) -> str | None:
    return next((text for each in candidates if (text := text_of(each)) is not None and text != new), None)


def _ending(person: str) -> str:
    return f"ending in {person[-_SHOWN_CHARACTERS:]}"


def _masked(person: str) -> str:
    return customer_id_of(f"{MASK}{person[-_SHOWN_CHARACTERS:]}")
