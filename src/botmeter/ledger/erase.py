"""Erasure of a customer: identifiers are removed everywhere, counts stay.

Ids become pseudonyms, attributes and quarantined events are deleted, and the file is rewritten so that no old page
keeps them. The 64-bit event keys stay: they reveal nothing and identify duplicates.
"""

import json
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import duckdb

from botmeter.domain.errors import Missing, Unavailable
from botmeter.ledger.customers import counted_customer, other_ids
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.ledger_files import connected, new_ledger_draft, replace_ledger, unlink_ledger
from botmeter.ledger.quarantine import delete_quarantined
from botmeter.ledger.remeter import remeter_everything
from botmeter.ledger.statements import statements_of
from botmeter.ledger.tables import meta_value, remove_meta, set_meta
from botmeter.ledger.usage_tables import insert_tickets

sql = statements_of(__name__)

# Refused events can be large, so quarantine is searched in pages.
_PAGE_ROWS = 1_000

# In `meta` from the erasure of a customer until the file is rewritten: the next erasure finishes an interrupted one.
_REWRITE_DUE = "rewrite_due"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureSummary:
    """Rows whose identifiers were erased, and the customer's other ids."""

    pseudonym: str
    alias_count: int
    event_count: int
    session_count: int
    conversation_count: int
    quarantine_count: int


class _Ids(NamedTuple):
    customer: re.Pattern[str]
    events: frozenset[tuple[str, str]]
    conversations: frozenset[str]


def erase(folder: Folder, name: str, *, customer_id: str) -> ErasureSummary:
    """Erase the customer with any of its ids, and all customers merged into it.

    Raises:
        Missing: `customer_unknown` if no event, quarantined event or alias has the id.
        Unavailable: `erase_unfinished` if the file can't be rewritten.
    """
    erased = None
    with folder.ledger(name) as ledger:
        try:
            erased = _pseudonymize(ledger, customer_id)
        except Missing:
            if meta_value(ledger.connection, _REWRITE_DUE) is None:
                raise
    _rewrite_file(folder, name)
    if erased is None:
        raise _unknown(name, customer_id)
    return erased


def _pseudonymize(ledger: Ledger, customer_id: str) -> ErasureSummary:
    pseudonym = f"erased-{uuid4()}"
    with ledger.transaction() as connection:
        who = counted_customer(ledger, customer_id)
        values, ids = {"customer": who}, [who, *other_ids(ledger, who)]
        for step in ("conversations", "events_before", "tickets_before"):
            connection.execute(sql(step), values)
        events, sessions, conversations = row_of(connection, sql("counts"), values=values)
        quarantined = list(_quarantined(connection, _ids(connection, ids)))
        alias_count = row_of(connection, sql("delete_aliases"), values={"ids": ids})[0]
        if events == 0 and not quarantined and not alias_count:
            raise _unknown(ledger.account.name, customer_id)
        delete_quarantined(connection, quarantined)
        connection.execute(sql("update_restatements"))
        connection.execute(sql("update_events"), values | {"pseudonym": pseudonym})
        for step in ("update_spans", "delete_tickets", "update_other_events", "update_deliveries"):
            connection.execute(sql(step))
        insert_tickets(connection, append_no=0)
        for step in ("drop_erased_conversation", "drop_erased_event", "drop_erased_ticket"):
            connection.execute(sql(step))
        remeter_everything(ledger)
        set_meta(connection, _REWRITE_DUE, value="yes")
    return ErasureSummary(
        pseudonym=pseudonym,
        alias_count=len(ids) - 1,
        event_count=events,
        session_count=sessions,
        conversation_count=conversations,
        quarantine_count=len(quarantined),
    )


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


def _rewrite_file(folder: Folder, name: str) -> None:
    file = folder.file_of(name)
    draft = new_ledger_draft(folder.path)
    try:
        with folder.exclusively(name):
            _copy_rows(file, draft, folder=folder)
            replace_ledger(draft, file, folder=folder.path)
    except (duckdb.Error, OSError, Unavailable) as problem:
        raise Unavailable(
            "erase_unfinished",
            f"The identifiers are removed from the tables of account {name}, but its file could not be rewritten and "
            f"can still contain them. Make room on the disk and erase the same id again.  "
            f"The reason: {str(problem).splitlines()[0][:200]}",
        ) from problem
    finally:
        with suppress(OSError):
            unlink_ledger(draft)


def _copy_rows(file: Path, draft: Path, *, folder: Folder) -> None:
    with closing(connected(draft, folder=folder.path)) as connection:
        connection.execute(sql("old_file", file=str(file).replace("'", "''")))
        into = row_of(connection, sql("present_database"))[0]
        connection.execute(sql("new_file", into=into))
        connection.execute(sql("detach_old_file"))
        remove_meta(connection, _REWRITE_DUE)


def _unknown(name: str, customer_id: str) -> Missing:
    return Missing("customer_unknown", f"Account {name} has no customer {customer_id[:80]!r}.")
