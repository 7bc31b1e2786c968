"""Ledgers are damaged or lose their log while a real server is down: each account's problem is its own, and told."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from botmeter.domain.account import Account
from botmeter.domain.instant import now_us
from botmeter.ledger.folder import Folder
from botmeter.metering.policy import FRESHCHAT
from support.damage import COMPRESSED_IDS, damage_block
from support.live_server import BATCH_EVENTS, LiveServer, batch, commanded, serving

pytestmark = pytest.mark.faults
CODES = {
    "block": "ledger_corrupt",
    "cut": "ledger_behind",
    "deleted": "ledger_behind",
    "gone": "ledger_missing",
    "header": "ledger_corrupt",
    "truncated": "ledger_corrupt",
}
SOUND = "zeta"
BATCHES = 3


@dataclass(frozen=True)
class Damaged:
    """A server that started with damaged ledgers, the keys of all accounts, and a backup of `block`."""

    server: LiveServer
    keys: dict[str, str]
    saved: Path

    def sent(self, name: str, *, number: int) -> tuple[int, str]:
        """Status and number of accepted events, or code of the problem."""
        answer = self.server.send(self.keys[name], json.dumps(batch(f"{name}-{number}")).encode())
        return answer.status, str(answer.json()["accepted" if answer.status == 200 else "code"])

    def failed(self, *words: str) -> str:
        """Messages of a command that must fail."""
        with pytest.raises(AssertionError) as refused:
            commanded(self.server.folder, *words)
        return str(refused.value)

    def readiness(self) -> list[str]:
        answer = self.server.request("GET", "/readyz")
        assert answer.status == 200
        return answer.body.decode().splitlines()


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Damaged]:
    folder = tmp_path_factory.mktemp("damaged") / "data"
    with Folder.owned(folder, purpose="a test") as owned:
        for name in (*CODES, SOUND):
            owned.create(Account(name=name), policy=FRESHCHAT, now_us=now_us())
    saved = folder.parent / "block.botmeter"
    with serving(folder) as server:
        keys = {
            name: server.command("key", "create", "-a", name, "--scope", "admin").strip() for name in (*CODES, SOUND)
        }
        before = Damaged(server, keys, saved)
        for name in keys:
            assert before.sent(name, number=0)[0] == 200
        first_bytes = (folder / "accounts" / "cut.duckdb.wal").stat().st_size
        for name in keys:
            assert [before.sent(name, number=number)[0] for number in range(1, BATCHES)] == [200] * (BATCHES - 1)
        # Closes the file, so that the events are in it.
        server.command("backup", str(saved), "--account", "block")
        server.kill()
    damage(folder / "accounts", first_bytes=first_bytes)
    with serving(folder) as server:
        yield Damaged(server, keys, saved)
        assert "trace stored" not in server.log


def damage(accounts: Path, *, first_bytes: int) -> None:
    """Damage each ledger in its way; `first_bytes` of the log of `cut` are those up to its first receipt."""

    def file_of(name: str) -> Path:
        return accounts / f"{name}.duckdb"

    damage_block(file_of("block"), holding=COMPRESSED_IDS)
    os.truncate(accounts / "cut.duckdb.wal", first_bytes)
    (accounts / "deleted.duckdb.wal").unlink()
    file_of("gone").unlink()
    file_of("header").write_bytes(bytes(4096) + file_of("header").read_bytes()[4096:])
    os.truncate(file_of("truncated"), file_of("truncated").stat().st_size // 2)


def test_the_start_and_a_full_read_tell_of_every_ledger_and_the_sound_one_is_served(damaged: Damaged) -> None:
    told = damaged.failed("verify", "--all")
    for name, code in CODES.items():
        problem = {"ledger_corrupt": "is damaged", "ledger_behind": "is older", "ledger_missing": "is gone"}[code]
        assert f"The ledger of account {name} {problem}" in told
        assert any(line.startswith(f"The ledger of account {name} {problem}") for line in damaged.readiness())
        assert code == "ledger_missing" or f"ERROR botmeter.ledger.file_problem: The ledger of account {name}" in (
            damaged.server.log
        )
    assert re.search(r"account cut: .*receipts 2 to 3 are missing", told)
    assert re.search(r"account deleted: .*receipts 1 to 3 are missing", told)
    assert f"account {SOUND}: {BATCHES * BATCH_EVENTS} events metered again" in told


@pytest.mark.parametrize("name", CODES)
def test_senders_and_readers_get_503_and_lose_nothing(damaged: Damaged, name: str) -> None:
    if name == "block":
        # Only a read of the block meets the damage.
        assert "The ledger of account block is damaged." in damaged.failed("doctor", "--account", "block")
    assert damaged.sent(name, number=BATCHES) == (503, CODES[name])
    report = damaged.server.request(
        "GET", f"/api/v1/accounts/{name}/sessions", authorization=f"Bearer {damaged.keys[name]}"
    )
    assert (report.status, report.json()["code"]) == (503, CODES[name])


def test_metrics_and_another_account_go_on(damaged: Damaged) -> None:
    assert damaged.sent(SOUND, number=BATCHES)[0] == 200
    numbers = damaged.server.request("GET", "/metrics")
    assert numbers.status == 200
    assert re.search(rb"^botmeter_ledgers_refused [3-9]", numbers.body, re.MULTILINE)


def test_a_backup_of_a_damaged_ledger_is_refused_and_a_good_one_restored(damaged: Damaged) -> None:
    new = damaged.saved.with_name("new.botmeter")
    assert "The ledger of account block is damaged." in damaged.failed("backup", str(new), "--account", "block")
    assert not new.exists()
    damaged.server.command("restore", str(damaged.saved), "--replace", "--yes")
    assert damaged.sent("block", number=9) == (200, str(BATCH_EVENTS))
    assert not any("block" in line for line in damaged.readiness())


def test_an_accepted_loss_is_sent_again(damaged: Damaged) -> None:
    ran = damaged.server.begun("doctor", "--accept", "--account", "deleted")
    assert "account deleted: the present ledger is accepted" in ran.communicate()[1]
    assert damaged.sent("deleted", number=0) == (200, str(BATCH_EVENTS))
    damaged.server.command("verify", "--account", "deleted")
