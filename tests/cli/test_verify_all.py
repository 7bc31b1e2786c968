"""`verify --all`: each account is checked, whatever is wrong with another."""

from pathlib import Path

import duckdb
import pytest
from tests.support.damage import damage_block

from cli.conftest import Run

BOTH_WAYS = True


def file_of(folder: Path, name: str) -> Path:
    return folder / "data" / "accounts" / f"{name}.duckdb"


@pytest.mark.slow
def test_all_accounts_are_verified(acme: Run) -> None:
    assert acme("account create zeta").code == 0
    ran = acme("verify --all --format json")
    assert ran.code == 0
    assert [(row["account"], row["differences"], row["problem"]) for row in ran.json] == [
        ("acme", 0, None),
        ("zeta", 0, None),
    ]
    assert "account acme: " in ran.err


@pytest.mark.slow
def test_a_difference_in_one_gives_exit_code_3(acme: Run, tmp_path: Path) -> None:
    assert acme("account create zeta").code == 0
    with duckdb.connect(file_of(tmp_path, "acme")) as connection:
        connection.execute("UPDATE session_usage SET session_count = session_count + 1")
    ran = acme("verify --all --format json")
    assert ran.code == 3
    assert [row["differences"] > 0 for row in ran.json] == [True, False]


@pytest.mark.slow
def test_a_ledger_that_can_t_be_read_gives_exit_code_1_and_the_others_are_verified(acme: Run, tmp_path: Path) -> None:
    for name in ("beta", "zeta"):
        assert acme(f"account create {name}").code == 0
    damage_block(file_of(tmp_path, "acme"), holding=b"cus_8401")
    file_of(tmp_path, "beta").write_bytes(b"no ledger")
    ran = acme("verify --all --format json")
    assert ran.code == 1
    problems = {row["account"]: row["problem"] for row in ran.json}
    assert problems["zeta"] is None
    for name in ("acme", "beta"):
        assert problems[name].startswith(f"The ledger of account {name} is damaged. Restore it from a backup.")
    for command in ("verify --account acme", "doctor --account acme", "backup x.botmeter --account acme"):
        alone = acme(command)
        assert (alone.code, "The ledger of account acme is damaged" in alone.err) == (1, True), command


@pytest.mark.parametrize("words", ["", "--all --account acme"])
def test_one_account_or_all_must_be_named(acme: Run, words: str) -> None:
    ran = acme(f"verify {words}")
    assert (ran.code, "--all" in ran.err) == (2, True)
