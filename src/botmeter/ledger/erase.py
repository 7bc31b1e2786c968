"""Erasing a customer: identifiers gone everywhere, counts stay.

Customer, conversation, event and ticket ids are replaced by pseudonyms that say nothing, attributes
and quarantined copies are dropped, and the file is written anew so that no old page keeps them.
The 64-bit key of each event stays: it tells nothing, and lets a copy that is sent again be known.
"""

import os
from dataclasses import dataclass
from uuid import uuid4

from botmeter.domain.errors import Missing
from botmeter.ledger.folder import Folder, connected
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.remeter import remeter_everything
from botmeter.ledger.rows import row_of
from botmeter.ledger.tables import sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was erased: how many rows lost their identifiers."""

    pseudonym: str
    event_count: int
    session_count: int
    conversation_count: int
    quarantine_count: int


def erase(folder: Folder, name: str, *, customer_id: str) -> Erased:
    """What was erased of the customer in the account.

    Raises:
        Missing: `customer_unknown` if no event and no quarantined event bears the id.
    """
    with folder.ledger(name) as ledger:
        erased = _pseudonymised(ledger, customer_id)
    _rewritten(folder, name)
    return erased


def _pseudonymised(ledger: Ledger, customer_id: str) -> Erased:
    pseudonym = f"erased-{uuid4()}"
    values = {"customer": customer_id}
    with ledger.transaction() as connection:
        events = row_of(connection, sql("erase/count_events"), values)[0]
        sessions = row_of(connection, sql("erase/count_sessions"), values)[0]
        connection.execute(sql("erase/conversations"), values)
        connection.execute(sql("erase/events_before"), values)
        quarantine = row_of(connection, sql("erase/count_quarantine"), values)[0]
        if events == 0 and quarantine == 0:
            raise Missing("customer_unknown", f"No event of account {ledger.account.name} is of customer {customer_id[:80]!r}.")
        connection.execute(sql("erase/quarantine"), values)
        connection.execute(sql("erase/restatements"))
        connection.execute(sql("erase/events"), values | {"pseudonym": pseudonym})
        for table in ("spans", "tickets", "other_events"):
            connection.execute(sql(f"erase/{table}"))
        conversations = row_of(connection, "SELECT count(*) FROM erased_conversation")[0]
        for table in ("erased_conversation", "erased_event"):
            connection.execute(f"DROP TABLE {table}")
        remeter_everything(ledger, append_no=1, now_us=0)
    return Erased(
        pseudonym=pseudonym,
        event_count=events,
        session_count=sessions,
        conversation_count=conversations,
        quarantine_count=quarantine,
    )


def _rewritten(folder: Folder, name: str) -> None:
    """Copies the account's file row by row into a new one that takes its place."""
    file = folder.file_of(name)
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    connection = connected(draft, folder=folder.path)
    connection.execute(f"ATTACH '{_quoted(str(file))}' AS before (READ_ONLY)")
    connection.execute(f'COPY FROM DATABASE before TO "{draft.stem}"')
    connection.execute("DETACH before")
    connection.close()
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.rename(file)


def _quoted(text: str) -> str:
    return text.replace("'", "''")
