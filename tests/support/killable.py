"""Operations that the fault tests kill; imported once by the process from which each of them is forked."""

import lzma
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Final

from tests.support.ledgers import Event, append_events, batch, event, event_at
from tests.support.live_batches import append_live, live_batch

from botmeter.billing.closing import close_ended
from botmeter.billing.plan import Allowance, Beyond, CycleRule, Meter, Pack, Plan, Recharge
from botmeter.billing.plan_text import plan_as_json
from botmeter.domain.account import Account
from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND, now_us, us_from_text
from botmeter.domain.period import day_of_us
from botmeter.ledger.append import Submission, append
from botmeter.ledger.backup import backup, restore
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term, plan_terms
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.ledger.import_undo import undo_import
from botmeter.ledger.imports import ImportedFile
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.settle import settle
from botmeter.live.store import LedgerStore
from botmeter.metering.meter import load_kernel
from botmeter.metering.policy import FRESHCHAT
from botmeter.reports.billed_sessions import billed_sessions

ACCOUNT: Final = "acme"
NEIGHBOUR: Final = "other"
NEW: Final = "new"
CUSTOMER: Final = "customer-to-erase"
BATCHES: Final = 14
BATCH_EVENTS: Final = 20
IMPORTS: Final = 3
RECHARGED: Final = 8
MINUTE_US: Final = 60 * MICROSECONDS_PER_SECOND

_SCHEMA_4: Final = Path(__file__).parents[1] / "unit" / "ledger" / "schema_4"

Acknowledge = Callable[[str], None]

load_kernel()


def events_of(batch: int) -> list[Event]:
    """Events of a batch: a conversation each, of three customers, a day apart."""
    return [
        event(f"{batch}-{number}", f"2026-03-{1 + batch:02}T10:{number:02}", customer_id=f"c{number % 3}")
        for number in range(BATCH_EVENTS)
    ]


def create(folder: Path) -> None:
    """Two accounts: one with the customer to erase, and its neighbour."""
    create_neighbour(folder)
    of_customer = [
        event(f"e-{number}", f"2026-02-0{1 + number}T10:00", customer_id=CUSTOMER, conversation_id=f"v-{CUSTOMER}")
        for number in range(5)
    ]
    with Folder.owned(folder, purpose="a test") as owned:
        _create(owned, ACCOUNT, events=of_customer)


def create_neighbour(folder: Path) -> None:
    """The neighbour alone."""
    with Folder.owned(folder, purpose="a test") as owned:
        _create(owned, NEIGHBOUR, events=events_of(BATCHES))


def _create(folder: Folder, name: str, *, events: list[Event]) -> None:
    folder.create(Account(name=name), policy=FRESHCHAT, now_us=now_us())
    with folder.ledger(name) as ledger:
        append_events(ledger, *events)


def create_with_backup(folder: Path) -> None:
    """The accounts of `create`, and a backup of the first; it then goes on by a batch."""
    create(folder)
    with Folder.owned(folder, purpose="a test") as owned:
        backup(owned, ACCOUNT, path=folder / "backup.tar")
        with owned.ledger(ACCOUNT) as ledger:
            append_events(ledger, *events_of(0))


def create_with_imports(folder: Path) -> None:
    """The accounts of `create`, and imports of a batch each into the first."""
    create(folder)
    with Folder.owned(folder, purpose="a test") as owned, owned.ledger(ACCOUNT) as ledger:
        for number in range(IMPORTS):
            file = ImportedFile(name=f"{number}.csv")
            events = Submission(source="s", batches=[batch(events_of(number))], label=file.name, file=file)
            append(ledger, [events], now_us=now_us())


def create_with_plan(folder: Path) -> None:
    """The accounts of `create`; February is closed in the first one, which has a late and a void session since."""
    create(folder)
    now = us_from_text("2026-03-04T00:00:00Z")
    with Folder.owned(folder, purpose="a test") as owned, owned.ledger(ACCOUNT) as ledger:
        beyond = Beyond(kind="price", price=Decimal("0.50"))
        plan = Plan(name="simple", currency="EUR", meters=(Meter(allowance=Allowance(sessions=3), beyond=beyond),))
        first_us = us_from_text("2026-02-01T00:00:00Z")
        change = PlanChange(from_at=first_us, label=plan.label, definition=plan_as_json(plan))
        add_plan_term(ledger, change, now_us=first_us)
        close_ended(ledger, now_us=now)
        append_events(ledger, *events_of(0), *events_of(1), event("late", "2026-02-04T12:00", customer_id="late"))
        voided = billed_sessions(ledger, first_us, end_us=now)["session_id"][0].as_py()
        correct_session(ledger, voided, kind=CorrectionKind.VOID, reason="a test", now_us=now)


def create_with_recharge(folder: Path) -> None:
    """The accounts of `create`; the first has had a plan for two days that buys 2 sessions when fewer are left."""
    create(folder)
    from_us = now_us() - 2 * DAY_US
    meter = Meter(allowance=Allowance(sessions=3), pack=Pack(sessions=2, price=Decimal(9)), recharge=Recharge(below=2))
    # A calendar month could end among the sessions.
    cycle = CycleRule(every="month", anchor=day_of_us(from_us))
    plan = Plan(name="simple", currency="EUR", meters=(meter,), cycle=cycle)
    change = PlanChange(from_at=from_us, label=plan.label, definition=plan_as_json(plan))
    with Folder.owned(folder, purpose="a test") as owned, owned.ledger(ACCOUNT) as ledger:
        add_plan_term(ledger, change, now_us=from_us)


def create_in_earlier_schema(folder: Path) -> None:
    """An account in a file of schema 4, and its neighbour."""
    create_neighbour(folder)
    file = folder / "accounts" / f"{ACCOUNT}.duckdb"
    file.write_bytes(lzma.decompress((_SCHEMA_4 / "acme.duckdb.xz").read_bytes()))


def append_live_batches(folder: Path, acknowledge: Acknowledge) -> None:
    """Append batches as a server does, and meter and fold them at its end."""
    with Folder.owned(folder, purpose="a test") as owned:
        ledgers = OpenLedgers(owned)
        for number in range(BATCHES):
            with ledgers.appending_live(ACCOUNT) as ledger:
                append_live(ledger, live_batch(events_of(number)))
            acknowledge(str(number))
            if number == BATCHES // 2:
                with ledgers.settling(ACCOUNT) as ledger:
                    settle(ledger, now_us=now_us())
        ledgers.close()


def settle_often(folder: Path, acknowledge: Acknowledge) -> None:
    """Meter every batch by itself."""
    with Folder.owned(folder, purpose="a test") as owned:
        ledger = owned.opened(ACCOUNT)
        for number in range(BATCHES):
            append_live(ledger, live_batch(events_of(number)))
            acknowledge(str(number))
            settle(ledger, now_us=now_us())
        ledger.connection.close()


def settle_and_buy(folder: Path, acknowledge: Acknowledge) -> None:
    """Settle a session by itself, minute by minute, as a server does."""
    with Folder.owned(folder, purpose="a test") as owned:
        ledgers = OpenLedgers(owned)
        store = LedgerStore(ledgers)
        with ledgers.reading(ACCOUNT) as ledger:
            from_us = plan_terms(ledger)[0].from_at
        for number in range(RECHARGED):
            each = event_at(f"r-{number}", from_us + number * MINUTE_US, customer_id=f"r{number}")
            store.commit(ACCOUNT, [live_batch([each])])
            acknowledge(str(number))
            store.settle(ACCOUNT)
        ledgers.close()


def checkpoint(folder: Path, acknowledge: Acknowledge) -> None:
    """Import batches, each moved from the log into the file."""
    with Folder.owned(folder, purpose="a test") as owned, owned.ledger(ACCOUNT) as ledger:
        for number in range(4):
            append_events(ledger, *events_of(number))
            acknowledge(str(number))
            ledger.connection.execute("CHECKPOINT")


def undo_imports(folder: Path, acknowledge: Acknowledge) -> None:
    """Undo the imports, the first one first."""
    with Folder.owned(folder, purpose="a test") as owned, owned.ledger(ACCOUNT) as ledger:
        for number in range(IMPORTS):
            undo_import(ledger, number + 1, reason="a test", now_us=now_us())
            acknowledge(str(number))


def erase_customer(folder: Path, acknowledge: Acknowledge) -> None:
    """Erase the customer."""
    with Folder.owned(folder, purpose="a test") as owned:
        erase(owned, ACCOUNT, customer_id=CUSTOMER)
    acknowledge("erased")


def close_cycles(folder: Path, acknowledge: Acknowledge) -> None:
    """Close the cycles of three months, the first with an adjustment."""
    with Folder.owned(folder, purpose="a test") as owned, owned.ledger(ACCOUNT) as ledger:
        for month in (4, 5, 6):
            for statement in close_ended(ledger, now_us=us_from_text(f"2026-0{month}-02T00:00:00Z")):
                acknowledge(statement.number)


def create_account(folder: Path, acknowledge: Acknowledge) -> None:
    """Create an account without events."""
    with Folder.owned(folder, purpose="a test") as owned:
        _create(owned, NEW, events=[])
    acknowledge("created")


def restore_beside(folder: Path, acknowledge: Acknowledge) -> None:
    """Restore the backup as another account."""
    with Folder.owned(folder, purpose="a test") as owned:
        restore(owned, folder / "backup.tar", name=NEW)
    acknowledge("restored")


def replace_by_backup(folder: Path, acknowledge: Acknowledge) -> None:
    """Restore the backup over the account."""
    with Folder.owned(folder, purpose="a test") as owned:
        restore(owned, folder / "backup.tar", replace=True)
    acknowledge("restored")


def back_up(folder: Path, acknowledge: Acknowledge) -> None:
    """Back the account up."""
    with Folder.owned(folder, purpose="a test") as owned:
        backup(owned, ACCOUNT, path=folder / "new.tar")
    acknowledge("backed up")


def open_earlier_schema(folder: Path, acknowledge: Acknowledge) -> None:
    """Migrate the account's file by opening it."""
    with Folder.owned(folder, purpose="a test") as owned, owned.ledger(ACCOUNT):
        acknowledge("opened")
