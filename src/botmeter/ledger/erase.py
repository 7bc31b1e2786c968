"""Erasure of a customer: identifiers are removed everywhere, counts stay.

The 64-bit event keys stay too: they reveal nothing and identify duplicates.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple
from uuid import uuid4

import duckdb

from botmeter.domain.errors import Missing
from botmeter.ledger.customers import counted_customer, other_ids
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.erased_attributes import store_attributes
from botmeter.ledger.erased_ids import ErasedIds
from botmeter.ledger.folder import Folder
from botmeter.ledger.lake_account import refuse_in_lake
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import delete_quarantined
from botmeter.ledger.remeter import remeter_everything
from botmeter.ledger.statements import statements_of
from botmeter.ledger.unfinished_erasures import Forget, finish_erasures, flag_unfinished, note_unfinished
from botmeter.ledger.usage_tables import insert_tickets

sql = statements_of(__name__)

# Refused events can be large, so quarantine is searched in pages.
_PAGE_ROWS = 1_000


# Columns with what people wrote, or with who they are. A statement's document stays as it was signed.
_WRITTEN_BY_PEOPLE = {
    "file_import": "undone_for",
    "quarantine": "discarded_for",
    "plan_term": "set_by reason undone_by undone_for",
    "purchase": "set_by reason",
    "pack_removal": "set_by reason",
    "opening_balance": "set_by reason",
    "correction": "set_by reason",
    "cost_centre_term": "set_by",
    "budget": "set_by ended_by",
    "billing_term": "set_by",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureSummary:
    """Rows whose identifiers were erased, and the customer's other ids."""

    pseudonym: str
    alias_count: int
    event_count: int
    session_count: int
    conversation_count: int
    quarantine_count: int


class _Unknown(Exception):
    """The account has nothing of the customer."""


def _forget_nowhere(name: str, ids: ErasedIds) -> int:
    del name, ids
    return 0


class _Ids(NamedTuple):
    customer: re.Pattern[str]
    events: frozenset[tuple[str, str]]
    conversations: frozenset[str]


def erase(folder: Folder, name: str, *, customer_id: str, forget: Forget = _forget_nowhere) -> ErasureSummary:
    """Erase the customer with any of its ids, and all merged into it.

    Args:
        forget: Removes the customer from other stores, before the ledger forgets the ids.

    Raises:
        Missing: `customer_unknown` if no event, quarantined event, alias or row of another store has the id.
        Unavailable: `erase_unfinished` if another store or the file can't be changed; it is finished later.
    """
    erased = None
    # As other stores name the account.
    name = folder.existing_file(name).stem
    with folder.reading(name) as reader:
        refuse_in_lake(reader.account, reader.lake, action="Its customers can't be erased here")
    flag_unfinished(folder, name)
    with folder.ledger(name) as ledger, suppress(_Unknown):
        erased = _pseudonymize(ledger, customer_id)
    finish_erasures(folder, name, forget=forget)
    return erased or _erased_elsewhere(name, customer_id, forget=forget)


def _erased_elsewhere(name: str, customer_id: str, *, forget: Forget) -> ErasureSummary:
    ids = ErasedIds(customers=frozenset({customer_id}), pseudonym=_new_pseudonym(), others={})
    if not forget(name, ids):
        raise Missing("customer_unknown", f"Account {name} has no customer {customer_id[:80]!r}.")
    return ErasureSummary(
        pseudonym=ids.pseudonym,
        alias_count=0,
        event_count=0,
        session_count=0,
        conversation_count=0,
        quarantine_count=0,
    )


def _new_pseudonym() -> str:
    return f"erased-{uuid4()}"


def _pseudonymize(ledger: Ledger, customer_id: str) -> ErasureSummary:
    pseudonym = _new_pseudonym()
    with ledger.transaction() as connection:
        who = counted_customer(ledger, customer_id)
        values, ids = {"customer": who}, [who, *other_ids(ledger, who)]
        for step in ("conversations", "events_before", "tickets_before"):
            connection.execute(sql(step), values)
        events, sessions, conversations = row_of(connection, sql("counts"), values=values)
        quarantined = list(_quarantined(connection, _ids(connection, ids)))
        alias_count = row_of(connection, sql("delete_aliases"), values={"ids": ids})[0]
        if events == 0 and not quarantined and not alias_count:
            raise _Unknown
        delete_quarantined(connection, quarantined)
        store_attributes(ledger, ids, customer=who, pseudonym=pseudonym)
        connection.execute(sql("update_restatements"))
        connection.execute(sql("update_naming_events"), values)
        connection.execute(sql("update_events"), values | {"pseudonym": pseudonym})
        for step in ("update_spans", "delete_tickets", "update_other_events", "update_deliveries"):
            connection.execute(sql(step))
        others = dict(connection.execute(sql("pseudonyms")).fetchall())
        erased = ErasedIds(customers=frozenset(ids), pseudonym=pseudonym, others=others)
        _replace_in_texts(connection, erased)
        note_unfinished(connection, erased)
        insert_tickets(connection, append_no=0)
        for step in ("drop_erased_attributes", "drop_erased_conversation", "drop_erased_event", "drop_erased_ticket"):
            connection.execute(sql(step))
        remeter_everything(ledger)
    return ErasureSummary(
        pseudonym=pseudonym,
        alias_count=len(ids) - 1,
        event_count=events,
        session_count=sessions,
        conversation_count=conversations,
        quarantine_count=len(quarantined),
    )


def _replace_in_texts(connection: duckdb.DuckDBPyConnection, ids: ErasedIds) -> None:
    for table, columns in _WRITTEN_BY_PEOPLE.items():
        for column in columns.split():
            chosen = {"table": table, "column": column}
            for (before,) in connection.execute(sql("texts", **chosen)).fetchall():
                if (after := ids.in_text(before)) != before:
                    connection.execute(sql("update_text", **chosen), {"before": before, "after": after})


def _ids(connection: duckdb.DuckDBPyConnection, ids: list[str]) -> _Ids:
    rows = connection.execute(sql("ids")).fetchall()
    return _Ids(
        # As a whole word, so that erasing c1 does not touch c12.
        customer=re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ids))})(?!\w)"),
        events=frozenset((source, name) for source, name in rows if source is not None),
        conversations=frozenset(name for source, name in rows if source is None),
    )


def _quarantined(connection: duckdb.DuckDBPyConnection, ids: _Ids) -> Iterator[int]:
    after = 0
    while True:
        page = {"after": after, "limit": _PAGE_ROWS}
        rows = connection.execute(sql("quarantine_page"), page).fetchall()
        for number, source, event_id, raw in rows:
            if (source, event_id) in ids.events or _names_customer(raw.decode("utf-8", "surrogateescape"), ids):
                yield number
        if not rows:
            return
        after = rows[-1][0]


def _names_customer(raw: str, ids: _Ids) -> bool:
    try:
        sent = json.loads(raw)
    except (ValueError, RecursionError):
        sent = None
    # JSON can escape any character, so the raw text alone is not enough.
    return any(ids.customer.search(text) or text in ids.conversations for text in (raw, *_texts(sent)))


def _texts(sent: object) -> Iterator[str]:
    match sent:
        case dict():
            for name, value in sent.items():
                yield name
                yield from _texts(value)
        case list():
            for value in sent:
                yield from _texts(value)
        case str() | int():
            yield str(sent)
