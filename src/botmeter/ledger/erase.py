"""Erasure of a customer: identifiers are removed everywhere, counts stay.

The 64-bit event keys stay too: they reveal nothing and identify duplicates.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple
from uuid import uuid4

import duckdb
import pyarrow as pa

from botmeter.domain.errors import Missing
from botmeter.ledger.customers import counted_customer, other_ids
from botmeter.ledger.duckdb_calls import execute_with, row_of
from botmeter.ledger.erased_ids import ErasedIds
from botmeter.ledger.folder import Folder
from botmeter.ledger.lake_account import refuse_in_lake
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import delete_quarantined
from botmeter.ledger.remeter import remeter_everything
from botmeter.ledger.statements import statements_of
from botmeter.ledger.unfinished_erasures import Forget, finish_erasures, flag_unfinished, note_unfinished
from botmeter.ledger.usage_tables import insert_tickets
from botmeter.metering.arrange import has_flag

sql = statements_of(__name__)

# Refused events can be large, so quarantine is searched in pages.
_PAGE_ROWS = 1_000

# A shorter id, such as `7`, can't be told from other values.
_LONG_ID = 6
# Texts and numbers of JSON.
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*')
_COLUMNS = ("source", "event_id", "attributes")
_Row = tuple[str, str, str]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRows:
    """Customer to erase: the rows are in the temporary tables `erased_…` of the connection.

    Attributes:
        customer: Counted customer.
        quarantined: Numbers of entries of quarantine.
    """

    customer: str
    erased: ErasedIds
    quarantined: tuple[int, ...]
    summary: ErasureSummary


EraseEvents = Callable[[Ledger, ChosenRows], None]
"""Erases the chosen rows of an account whose events are in a lake."""


def erase(
    folder: Folder,
    name: str,
    *,
    customer_id: str,
    forget: Forget = _forget_nowhere,
    erase_in_lake: EraseEvents | None = None,
) -> ErasureSummary:
    """Erase the customer with any of its ids, and all merged into it.

    Args:
        forget: Removes the customer from other stores, before the ledger forgets the ids.
        erase_in_lake: None: accounts in lakes are refused.

    Raises:
        Missing: `customer_unknown` if no event, quarantined event, alias or row of another store has the id.
        Unavailable: `erase_unfinished` if another store or the file can't be changed; it is finished later.
    """
    erased = None
    # As other stores name the account.
    name = folder.existing_file(name).stem
    with folder.reading(name) as reader:
        if erase_in_lake is None:
            refuse_in_lake(reader.account, reader.lake, action="Its customers can't be erased here")
    flag_unfinished(folder, name)
    with folder.ledger(name) as ledger, suppress(_Unknown):
        if ledger.lake is None or erase_in_lake is None:
            erased = _pseudonymize(ledger, customer_id)
        else:
            erased = _pseudonymize_facts(ledger, customer_id)
            erase_in_lake(ledger, erased)
    finish_erasures(folder, name, forget=forget)
    return erased.summary if erased is not None else _erased_elsewhere(name, customer_id, forget=forget)


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


def chosen_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, pa.Table]:
    """Temporary tables of an erasure, by name."""
    names = ("erased_event", "erased_conversation", "erased_ticket", "erased_attributes")
    return {name: connection.sql(sql("chosen_rows", table=name)).to_arrow_table() for name in names}


def keys_to_erase(ledger: Ledger, chosen: ChosenRows) -> pa.Table:
    """Rows of a lake's `erased_key` for the chosen events."""
    return ledger.connection.sql(sql("keys_to_erase"), params={"customer": chosen.customer}).to_arrow_table()


def quarantined_places(ledger: Ledger, chosen: ChosenRows) -> frozenset[tuple[int, int, str]]:
    """Append number, position and code of each chosen entry of quarantine."""
    values = {"quarantine_nos": list(chosen.quarantined)}
    return frozenset(ledger.connection.execute(sql("quarantined_places"), values).fetchall())


def _pseudonymize(ledger: Ledger, customer_id: str) -> ChosenRows:
    with ledger.transaction() as connection:
        chosen = _chosen(ledger, customer_id)
        delete_quarantined(connection, chosen.quarantined)
        _forget_facts(connection, chosen, tables=_WRITTEN_BY_PEOPLE)
        values = {"customer": chosen.customer, "pseudonym": chosen.erased.pseudonym}
        connection.execute(sql("update_naming_events"), {"customer": chosen.customer})
        connection.execute(sql("update_events"), values)
        for step in ("update_spans", "delete_tickets", "update_other_events"):
            connection.execute(sql(step))
        insert_tickets(connection, append_no=0)
        drop_chosen(connection)
        remeter_everything(ledger)
    return chosen


def _pseudonymize_facts(ledger: Ledger, customer_id: str) -> ChosenRows:
    """Erase the customer from what the file of an account in a lake has."""
    with ledger.transaction() as connection:
        chosen = _chosen(ledger, customer_id)
        _forget_facts(connection, chosen, tables=_WRITTEN_BY_PEOPLE.keys() - {"quarantine"})
    return chosen


def _chosen(ledger: Ledger, customer_id: str) -> ChosenRows:
    connection, pseudonym = ledger.connection, _new_pseudonym()
    who = counted_customer(ledger, customer_id)
    values, ids = {"customer": who}, [who, *other_ids(ledger, who)]
    for step in ("conversations", "events_before", "tickets_before"):
        connection.execute(sql(step), values)
    events, sessions, conversations = row_of(connection, sql("counts"), values=values)
    quarantined = tuple(_quarantined(connection, _ids(connection, ids)))
    alias_count = row_of(connection, sql("alias_count"), values={"ids": ids})[0]
    if events == 0 and not quarantined and not alias_count:
        raise _Unknown
    _store_attributes(ledger, ids, customer=who, pseudonym=pseudonym)
    others = dict(connection.execute(sql("pseudonyms")).fetchall())
    return ChosenRows(
        customer=who,
        erased=ErasedIds(customers=frozenset(ids), pseudonym=pseudonym, others=others),
        quarantined=quarantined,
        summary=ErasureSummary(
            pseudonym=pseudonym,
            alias_count=len(ids) - 1,
            event_count=events,
            session_count=sessions,
            conversation_count=conversations,
            quarantine_count=len(quarantined),
        ),
    )


def _forget_facts(connection: duckdb.DuckDBPyConnection, chosen: ChosenRows, *, tables: Iterable[str]) -> None:
    connection.execute(sql("delete_aliases"), {"ids": sorted(chosen.erased.customers)})
    for step in ("update_restatements", "update_deliveries"):
        connection.execute(sql(step))
    _replace_in_texts(connection, chosen.erased, tables=tables)
    note_unfinished(connection, chosen.erased)


def drop_chosen(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the temporary tables of an erasure."""
    for step in ("drop_erased_attributes", "drop_erased_conversation", "drop_erased_event", "drop_erased_ticket"):
        connection.execute(sql(step))


def _replace_in_texts(connection: duckdb.DuckDBPyConnection, ids: ErasedIds, *, tables: Iterable[str]) -> None:
    for table in tables:
        for column in _WRITTEN_BY_PEOPLE[table].split():
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


def _store_attributes(ledger: Ledger, ids: list[str], *, customer: str, pseudonym: str) -> None:
    """Create `erased_attributes`, one row per event whose attributes change.

    Args:
        ids: All ids of the customer.
        customer: The one that counts.
    """
    rows = [*_flags(ledger, customer), *_mentions(ledger, ids, customer=customer, pseudonym=pseudonym)]
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    table = pa.table([pa.array(column, pa.string()) for column in columns], names=_COLUMNS)
    execute_with(ledger.connection, sql("erased_attributes"), input_rows=table)


def _flags(ledger: Ledger, customer: str) -> Iterable[_Row]:
    flags = sorted({flag for in_force in ledger.schedule for flag in in_force.policy.exclude} - {"preview"})
    if not flags:
        return
    for source, event_id, attributes in ledger.connection.execute(
        sql("own_attributes"), {"customer": customer}
    ).fetchall():
        kept = {flag: True for flag in flags if has_flag(attributes, flag)}
        if kept:
            yield source, event_id, _text(kept)


def _mentions(ledger: Ledger, ids: list[str], *, customer: str, pseudonym: str) -> Iterable[_Row]:
    long_ids = [each for each in ids if len(each) >= _LONG_ID]
    if not long_ids:
        return
    values = {"customer": customer, "texts": [json.dumps(each, ensure_ascii=False)[1:-1] for each in long_ids]}
    for source, event_id, attributes in ledger.connection.execute(sql("naming_attributes"), values).fetchall():
        after = _without(attributes, long_ids, pseudonym=pseudonym)
        if after != attributes:
            yield source, event_id, after


def _without(attributes: str, ids: list[str], *, pseudonym: str) -> str:
    # As a whole word, so that erasing c1 does not touch c12.
    named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ids))})(?!\w)")

    def replaced(token: re.Match[str]) -> str:
        if token[0] in ids:
            return _text(pseudonym)
        before = json.loads(token[0]) if token[0].startswith('"') else ""
        after = named.sub(pseudonym, before)
        return token[0] if after == before else _text(after)

    return _TOKENS.sub(replaced, attributes)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
