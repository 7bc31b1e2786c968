"""Erasing a customer who has several ids: all of them go, by whichever they are named."""

import pytest
from tests.support.ledgers import NOW_US, account_filled_by, append_events, batch, event

from botmeter.domain.errors import Missing
from botmeter.domain.receipt import Rejection
from botmeter.ledger.append import Submission, append
from botmeter.ledger.customers import SameCustomer, customer_aliases, merge_customers, unmerge_customers
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.verify import verify

IDS = ("web-SECRET", "phone-SECRET", "mail-SECRET")


def fill(ledger: Ledger) -> None:
    refused = Rejection(index=0, event_id=None, code="field_missing", detail="It is missing.", raw=b"phone-SECRET")
    for number, customer_id in enumerate([*IDS, "other"]):
        append_events(
            ledger, event(f"e{number}", "2026-03-01T10:00", customer_id=customer_id, conversation_id=f"v{number}")
        )
    append(ledger, [Submission(source="s", batches=[batch([], rejections=(refused,))], label="f")], now_us=NOW_US)
    pairs = [SameCustomer(customer_id="web-SECRET", alias=alias) for alias in IDS[1:]]
    merge_customers(ledger, pairs, now_us=NOW_US)
    merge_customers(ledger, [SameCustomer(customer_id="other", alias="web-SECRET")], now_us=NOW_US)
    unmerge_customers(ledger, ["web-SECRET"], now_us=NOW_US)


@pytest.fixture
def filled(folder: Folder) -> str:
    return account_filled_by(folder, fill)


@pytest.mark.slow
@pytest.mark.parametrize("named", IDS)
def test_erasure_by_any_id_of_a_customer_removes_them_all(folder: Folder, filled: str, named: str) -> None:
    erased = erase(folder, filled, customer_id=named)
    assert (erased.alias_count, erased.event_count, erased.quarantine_count) == (2, 3, 1)
    assert b"SECRET" not in folder.file_of(filled).read_bytes()
    with folder.ledger(filled) as ledger:
        assert verify(ledger).is_clean
        assert customer_aliases(ledger) == []
        customers = ledger.connection.execute("SELECT DISTINCT customer_id FROM event ORDER BY 1").fetchall()
        assert customers == [(erased.pseudonym,), ("other",)]
        # What was erased is known by its key still, under whichever id it was sent.
        sent_again = event("e1", "2026-03-01T10:00", customer_id="phone-SECRET", conversation_id="v1")
        assert append_events(ledger, sent_again).duplicates == 1


@pytest.mark.slow
def test_an_id_that_is_only_in_the_list_of_aliases_can_be_erased(folder: Folder, acme: str) -> None:
    with folder.ledger(acme) as ledger:
        append_events(ledger, event("1", "2026-03-01T10:00", customer_id="other"))
        merge_customers(ledger, [SameCustomer(customer_id="a-SECRET", alias="b-SECRET")], now_us=NOW_US)
    assert erase(folder, acme, customer_id="b-SECRET").alias_count == 1
    assert b"SECRET" not in folder.file_of(acme).read_bytes()
    with pytest.raises(Missing):
        erase(folder, acme, customer_id="a-SECRET")


@pytest.mark.slow
def test_changes_are_numbered_on_after_an_erasure(folder: Folder, filled: str) -> None:
    erase(folder, filled, customer_id=IDS[0])
    with folder.ledger(filled) as ledger:
        append_events(ledger, event("x", "2026-03-01T10:00", customer_id="new", conversation_id="v9"))
        change = merge_customers(ledger, [SameCustomer(customer_id="other", alias="new")], now_us=NOW_US)
        assert change.number == 4
