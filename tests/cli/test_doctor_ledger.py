"""`doctor` on a ledger that no server has open: live events that wait, a log that is not checkpointed."""

from pathlib import Path

import duckdb
import pytest

from botmeter.cli import doctor
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from cli.conftest import Run

LEDGER = Path("data", "accounts", "acme.duckdb")


def account_check(acme: Run) -> tuple[int, str, str]:
    ran = acme("doctor --format json")
    [check] = [each for each in ran.json if each["check"] == "account acme"]
    return ran.code, check["state"], check["detail"]


@pytest.mark.parametrize(("ago_seconds", "code", "state"), [(1, 0, "ok"), (3_600, 1, "wrong")])
def test_live_events_that_are_not_metered_for_a_minute_are_a_problem(
    acme: Run, tmp_path: Path, ago_seconds: int, code: int, state: str
) -> None:
    since = now_us() - ago_seconds * MICROSECONDS_PER_SECOND
    with duckdb.connect(tmp_path / LEDGER) as connection:
        names = [name for name, *_ in connection.execute("DESCRIBE arrival").fetchall() if name != "received_at"]
        values = f"SELECT {', '.join(names)}, {since} AS received_at FROM event LIMIT 2"
        connection.execute(f"INSERT INTO arrival BY NAME ({values})")
    # doctor would meter them if it could write to the file.
    (tmp_path / LEDGER).chmod(0o400)
    *result, detail = account_check(acme)
    assert result == [code, state]
    assert ("2 live events not metered since" in detail) is (state == "wrong")


@pytest.mark.parametrize(("limit", "code", "state"), [(10, 1, "wrong"), (10_000_000, 0, "ok")])
def test_a_log_that_is_not_checkpointed_is_a_problem(
    acme: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, code: int, state: str
) -> None:
    monkeypatch.setattr(doctor, "_LOG_BYTES_MAX", limit)
    with duckdb.connect(tmp_path / LEDGER) as connection:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("UPDATE receipt SET recorded_at = recorded_at - 1")
    assert (tmp_path / f"{LEDGER}.wal").stat().st_size > 10
    *result, detail = account_check(acme)
    assert result == [code, state]
    assert ("not checkpointed" in detail) is (state == "wrong")


@pytest.mark.slow
def test_a_ledger_that_lost_acknowledged_events_is_a_problem_until_it_is_accepted(acme: Run, tmp_path: Path) -> None:
    older = (tmp_path / LEDGER).read_bytes()
    (tmp_path / "more.ndjson").write_text(
        '{"event_id": "late", "occurred_at": "2026-03-09T10:00:00Z", "conversation_id": "v9", "customer_id": "c9", '
        '"actor": "customer"}',
        encoding="utf-8",
    )
    assert acme("import more.ndjson --account acme").code == 0
    (tmp_path / LEDGER).write_bytes(older)
    code, state, detail = account_check(acme)
    assert (code, state) == (1, "wrong")
    assert "is older than what was acknowledged: " in detail
    assert "receipt 2 is missing, acknowledged between 20" in detail
    for command in ("verify --account acme", "report --account acme", "import more.ndjson --account acme"):
        ran = acme(command)
        assert (ran.code, "receipt 2 is missing" in ran.err) == (1, True), command
    accepted = acme("doctor --account acme --accept --format json")
    assert (accepted.code, "account acme: the present ledger is accepted" in accepted.err) == (0, True)
    assert acme("verify --account acme").code == 0


def test_an_account_whose_ledger_is_gone_is_a_problem_until_it_is_forgotten(acme: Run, tmp_path: Path) -> None:
    (tmp_path / LEDGER).unlink()
    code, state, detail = account_check(acme)
    assert (code, state, "is gone" in detail) == (1, "wrong", True)
    assert "is gone" in acme("report --account acme").err
    assert acme("doctor --account ACME --accept").code == 0
    assert "Unknown account acme" in acme("report --account acme").err
