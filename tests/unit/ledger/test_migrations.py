"""Files of earlier schema versions migrate with their contents."""

import shutil
from pathlib import Path

import duckdb
import pytest
from tests.support.ledgers import append_events, event, made_account, raw_connection
from tests.support.table_meaning import table_meaning

from botmeter.domain.account import Account
from botmeter.domain.errors import NotAllowed
from botmeter.ledger.folder import Folder
from botmeter.ledger.tables import SCHEMA_VERSION, schema_version
from botmeter.ledger.verify import verify

EVENTS = [
    event("1", "2026-03-01T10:00", bot_name="Order bot"),
    event("2", "2026-03-02T12:00", bot_id="b2", channel="sms", conversation_id="v2"),
    event("3", "2026-03-02T12:05", bot_id="b2", channel="sms", conversation_id="v2", bot_name="Returns"),
]
OF_VERSION_8 = (
    "plan_term purchase pack_removal opening_balance correction statement statement_session rekeyed_event "
    "cost_centre_term budget billing_term plan_session recharge_span"
)
# What versions 2 to 8 changed, as version 1 had it.
TO_VERSION_1 = (
    *(f"DROP TABLE {name}" for name in OF_VERSION_8.split()),
    "DROP VIEW waiting",
    "DROP TABLE file_import",
    "DROP TABLE erased_key",
    "ALTER TABLE receipt DROP COLUMN retry_of",
    *(
        f"ALTER TABLE quarantine DROP COLUMN {name}"
        for name in ("accepted_no", "discarded_at", "discarded_by", "discarded_for", "again_nos")
    ),
    "DROP TABLE arrival",
    "DROP TABLE delivery",
    "DROP TABLE source_term",
    "DROP VIEW same_customer",
    "DROP TABLE customer_alias",
    "ALTER TABLE restatement DROP COLUMN cause",
    "ALTER TABLE restatement RENAME COLUMN cause_no TO append_no",
    "ALTER TABLE policy_term RENAME COLUMN position TO place",
    "ALTER TABLE conversation_day RENAME COLUMN has_other_rows TO spans",
    "ALTER TABLE event DROP COLUMN is_erased",
    "ALTER TABLE event DROP COLUMN is_conversation_erased",
    "ALTER TABLE event DROP COLUMN is_pulled",
    "ALTER TABLE quarantine DROP COLUMN is_pulled",
    "ALTER TABLE event DROP COLUMN sent_customer_id",
    "ALTER TABLE conversation_span DROP COLUMN conversation_key",
    "DROP VIEW bot",
    "DROP TABLE bot_name_set",
    "ALTER TABLE bot_name_sent RENAME TO bot",
    "ALTER TABLE account_term DROP COLUMN title",
    "ALTER TABLE account_term DROP COLUMN set_by",
    "UPDATE meta SET value = '1' WHERE name = 'schema_version'",
)
NAMED = {"b1": "Order bot", "b2": "Returns"}


def tables_of(file: Path) -> list[tuple[object, ...]]:
    """Return every table and view with its columns in order, and the SQL of the views."""
    with raw_connection(file) as connection:
        columns = connection.execute(
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
            "ORDER BY table_name, ordinal_position"
        ).fetchall()
        views = connection.execute("SELECT view_name, sql FROM duckdb_views() WHERE NOT internal ORDER BY 1").fetchall()
        return [*columns, *views]


@pytest.fixture
def old(folder: Folder, acme: str) -> Folder:
    """The folder with an account `acme` whose file is of version 1."""
    with folder.ledger(acme) as ledger:
        append_events(ledger, *EVENTS)
    with raw_connection(folder.file_of(acme)) as connection:
        for step in TO_VERSION_1:
            connection.execute(step)
        with pytest.raises(duckdb.CatalogException):
            connection.execute("SELECT * FROM bot_name_sent")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("read_only", [True, False], ids=["to read", "to write"])
def test_a_file_of_version_1_migrates_when_it_is_opened(old: Folder, read_only: bool) -> None:
    with (old.reading if read_only else old.ledger)("acme") as ledger:
        assert schema_version(ledger.connection) == SCHEMA_VERSION
        assert ledger.account == Account(name="acme", title="acme")
        assert dict(ledger.connection.execute("SELECT bot_id, bot_name FROM bot").fetchall()) == NAMED
    with old.ledger("acme") as ledger:
        assert verify(ledger).is_clean
        append_events(ledger, event("4", "2026-03-05T10:00", bot_name="Orders"))
        assert dict(ledger.connection.execute("SELECT bot_id, bot_name FROM bot").fetchall()) == NAMED | {
            "b1": "Orders"
        }


@pytest.mark.slow
def test_a_migrated_file_has_the_tables_of_a_new_one(old: Folder) -> None:
    made_account(old, Account(name="fresh"))
    with old.ledger("fresh") as fresh:
        append_events(fresh, *EVENTS)
        expected = table_meaning(fresh)
    with old.ledger("acme") as ledger:
        assert table_meaning(ledger) == expected
    assert tables_of(old.file_of("acme")) == tables_of(old.file_of("fresh"))


def test_a_read_only_file_of_version_1_is_refused(old: Folder) -> None:
    old.file_of("acme").chmod(0o444)
    message = "was written by an earlier Botmeter and is read-only"
    with pytest.raises(NotAllowed, match=message) as refused, old.reading("acme"):
        pass
    assert refused.value.code == "ledger_read_only"


def test_a_copy_of_version_1_put_back_later_migrates_too(old: Folder, tmp_path: Path) -> None:
    file = old.file_of("acme")
    shutil.copy(file, tmp_path / "kept")
    with old.ledger("acme"):
        pass
    shutil.copy(tmp_path / "kept", file)
    with old.reading("acme") as ledger:
        assert ledger.account.title == "acme"
