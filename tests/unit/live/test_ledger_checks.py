"""The daily check of all ledgers."""

import time
from pathlib import Path

import pytest
from tests.support.damage import damage_block
from tests.support.ledgers import event
from tests.support.served import served

from botmeter.live import metrics
from botmeter.live.ledger_checks import ledger_checks
from botmeter.live.queue import QueueCapacity

EVENTS = [event("e1", "2026-03-01T10:00", attributes={"note": "n" * 90})]
CHECKED = "botmeter_ledgers_checked_timestamp_seconds"


@pytest.mark.slow
def test_damage_is_noted_and_the_other_ledgers_are_checked_and_closed_again(tmp_path: Path) -> None:
    with served(tmp_path, {"acme": EVENTS, "beta": EVENTS, "zeta": EVENTS}) as ledgers:
        damage_block(ledgers.folder.file_of("beta"), holding=b"n" * 90)
        with ledgers.reading("zeta"):
            pass
        before = metrics.REGISTRY.get_sample_value(CHECKED) or 0.0
        ledger_checks(ledgers, capacity=QueueCapacity(), share=1).check_all()
        assert list(ledgers.problems()) == ["beta"]
        assert [ledgers.account(name).is_open for name in ("acme", "beta", "zeta")] == [False, False, True]
        assert (metrics.REGISTRY.get_sample_value(CHECKED) or 0.0) > before


@pytest.mark.slow
def test_it_takes_its_share_of_the_time_and_not_more(tmp_path: Path) -> None:
    with served(tmp_path, {"acme": EVENTS}) as ledgers, ledgers.reading("acme"):
        took = []
        for share in (1.0, 0.25):
            started = time.monotonic()
            ledger_checks(ledgers, capacity=QueueCapacity(), share=share).check_all()
            took.append(time.monotonic() - started)
    assert took[1] > 1.5 * took[0]


def test_senders_that_wait_come_first_and_a_stopping_server_waits_for_neither(tmp_path: Path) -> None:
    capacity = QueueCapacity()
    with served(tmp_path, {"acme": EVENTS}) as ledgers:
        damage_block(ledgers.folder.file_of("acme"), holding=b"n" * 90)
        capacity.delivery_count = 1
        checks = ledger_checks(ledgers, capacity=capacity)
        checks.begin()
        checks.close()
        assert ledgers.problems() == {}
        capacity.delivery_count = 0
        ledger_checks(ledgers, capacity=capacity, share=1).check_all()
        assert list(ledgers.problems()) == ["acme"]


@pytest.mark.slow
def test_numbers_that_differ_are_told_until_they_agree(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with served(tmp_path, {"acme": EVENTS, "zeta": EVENTS}) as ledgers:
        checks = ledger_checks(ledgers, capacity=QueueCapacity(), share=1)
        for change, count in (("+", 1), ("-", 0)):
            with ledgers.writing("acme") as ledger:
                ledger.connection.execute(f"UPDATE session_usage SET session_count = session_count {change} 1")
            checks.check_all()
            assert metrics.REGISTRY.get_sample_value("botmeter_ledgers_different") == count
    assert [record.message.partition(" differ")[0] for record in caplog.records] == ["The numbers of account acme"]
