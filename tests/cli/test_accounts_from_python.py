"""Accounts read from Python: the same numbers and refusals with a server and without one."""

import json
import lzma
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import botmeter
from botmeter.cli.main import exit_code
from botmeter.domain.errors import BotmeterError
from botmeter.ledger.folder import Folder
from botmeter.ledger.folder_files import is_free
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.python_api import ownership
from botmeter.python_api.filter_arguments import FilterArguments
from botmeter.reports import rows as reading_rows
from botmeter.reports.filters import FILTERS
from botmeter.server import command_host, owner_client, questions
from cli.command_line import FIRST_SESSION, event, ndjson
from cli.conftest import WAYS
from cli.serving import served, server_process

EARLIER = Path(__file__).parents[1] / "unit" / "ledger" / "schema_6" / "acme.duckdb.xz"
PERIOD = ("2026-03-01", "2026-04-30")


@pytest.fixture(scope="module")
def filled(filled_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of these tests with the account acme."""
    return shutil.copytree(filled_folder, tmp_path_factory.mktemp("python") / "data")


@pytest.fixture
def acme(filled: Path, monkeypatch: pytest.MonkeyPatch) -> botmeter.AccountReader:
    monkeypatch.setenv("BOTMETER_WAIT", "0")
    return botmeter.open(filled).account("acme")


@pytest.fixture(params=[WAYS[0], pytest.param(WAYS[1], marks=pytest.mark.slow)])
def server(request: pytest.FixtureRequest, filled: Path) -> Iterator[OpenLedgers | None]:
    with ExitStack() as stack:
        yield None if request.param == WAYS[0] else stack.enter_context(served(filled))
    assert is_free(filled), "Whatever was read is closed."


def printed(capsys: pytest.CaptureFixture[str], *words: str, data: Path) -> Any:
    capsys.readouterr()
    assert exit_code([*words, "--account", "acme", "--format", "json", "--data", str(data)]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_report_is_that_of_the_command(
    acme: botmeter.AccountReader, filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = printed(
        capsys, "report", "--from", PERIOD[0], "--to", PERIOD[1], "--bot", "orders", "--not-channel", "sms",
        "--no-preview", "--timezone", "Asia/Kolkata", data=filled,
    )  # fmt: skip
    options: dict[str, Any] = {"timezone": "Asia/Kolkata", "not_channel": ["sms"], "preview": False}
    assert acme.report(*PERIOD, bot="orders", **options).to_dict() == expected
    with served(filled):
        report = acme.report(date(2026, 3, 1), date(2026, 4, 30), bot=["orders"], **options)
    assert report.to_dict() == expected
    assert report.sessions_consumed == expected["sessions_consumed"] > 0


def test_sessions_are_the_rows_of_the_command(
    acme: botmeter.AccountReader, filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = printed(
        capsys, "sessions", "--from", PERIOD[0], "--to", PERIOD[1], "--columns", "session_id,events", data=filled
    )
    for _ in range(2):
        reader = acme.sessions(*PERIOD, columns=["session_id", "events"])
        assert isinstance(reader, pa.RecordBatchReader)
        assert reader.schema.names == ["session_id", "events"]
        assert reader.read_all().to_pylist() == expected
    with served(filled):
        assert acme.sessions(*PERIOD, columns=("session_id", "events")).read_all().to_pylist() == expected
        assert acme.sessions(*PERIOD, customer="nobody").read_all().num_rows == 0


def test_an_explanation_is_that_of_the_command(
    acme: botmeter.AccountReader, filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = printed(capsys, "explain", FIRST_SESSION, data=filled)
    assert acme.explain(FIRST_SESSION).to_dict() == expected
    with served(filled):
        explanation = acme.explain(FIRST_SESSION)
    assert explanation.to_dict() == expected
    assert str(explanation).startswith(f"Session {FIRST_SESSION} of customer")


@pytest.mark.parametrize(
    ("question", "code", "family"),
    [
        (lambda acme: acme.explain("nobody"), "session_unknown", botmeter.Missing),
        (lambda acme: acme.report("2026-04-02", "2026-04-01"), "period_reversed", botmeter.Refused),
        (lambda acme: acme.report("yesterday"), "date_invalid", botmeter.Refused),
        (lambda acme: acme.report(datetime(2026, 4, 1, tzinfo=UTC)), "date_invalid", botmeter.Refused),
        (lambda acme: acme.report(timezone="Mars"), "timezone_unknown", botmeter.Refused),
        (lambda acme: acme.report(bot=[str(n) for n in range(1_001)]), "filter_too_long", botmeter.TooMuch),
        (lambda acme: acme.sessions(columns=["colour"]), "column_unknown", botmeter.Refused),
        (lambda acme: acme.sessions(columns=[]), "columns_missing", botmeter.Refused),
    ],
)  # fmt: skip
def test_a_refusal_has_its_family_and_code_both_ways(
    acme: botmeter.AccountReader,
    server: OpenLedgers | None,
    question: Callable[[botmeter.AccountReader], object],
    code: str,
    family: type[BotmeterError],
) -> None:
    with pytest.raises(family) as refused:
        question(acme)
    assert (type(refused.value), refused.value.code) == (family, code)


@pytest.mark.parametrize("wrong", [{"bots": "orders"}, {"bot": 7}, {"bot": [7]}, {"preview": "yes"}], ids=str)
def test_a_wrong_argument_is_a_type_error(acme: botmeter.AccountReader, wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(wrong))):
        acme.report(**wrong)


def test_there_is_an_argument_for_each_filter() -> None:
    names = [name for declared in FILTERS for name in (declared.name, f"not_{declared.name}")]
    assert set(FilterArguments.__annotations__) == {*names, "preview"}


def test_an_account_and_a_folder_must_exist(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(botmeter.Missing) as missing:
        botmeter.open(filled / "elsewhere")
    assert missing.value.code == "folder_unknown"
    with pytest.raises(botmeter.Missing) as missing:
        botmeter.open(filled).account("zeta")
    assert missing.value.code == "account_unknown"
    monkeypatch.setenv("HOME", str(filled.parent))
    assert botmeter.open("~/data").accounts() == ["acme"]
    monkeypatch.setenv("BOTMETER_DATA", str(filled))
    assert repr(botmeter.open().account("ACME")) == f"botmeter.open({str(filled)!r}).account('acme')"


def test_other_questions_can_be_put_while_rows_are_read(
    acme: botmeter.AccountReader, server: OpenLedgers | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_rows, "_SESSIONS_AT_ONCE", 1)
    with acme.sessions(*PERIOD) as reader:
        batch = reader.read_next_batch()
        assert str(acme.explain(batch["session_id"][0].as_py()))
        with acme.sessions(*PERIOD) as other:
            assert other.read_all().num_rows > batch.num_rows
        assert acme.report(*PERIOD).sessions_consumed == 3


@pytest.mark.slow
def test_a_reader_keeps_the_folder_until_its_end_or_until_it_is_closed(
    acme: botmeter.AccountReader, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_rows, "_SESSIONS_AT_ONCE", 1)
    for release in (lambda each: each.read_all(), list, lambda each: each.close()):
        reader = acme.sessions(*PERIOD)
        with pytest.raises(botmeter.Unavailable, match="(Python)"), Folder.owned(filled, purpose="a test"):
            pass
        release(reader)
        assert is_free(filled)
    reader = acme.sessions(*PERIOD)
    del reader
    assert is_free(filled)
    assert not ownership._owned


def test_a_folder_that_another_command_uses_is_reported(acme: botmeter.AccountReader, filled: Path) -> None:
    with Folder.owned(filled, purpose="botmeter import"), pytest.raises(botmeter.Unavailable) as busy:
        acme.report()
    assert busy.value.code == "ledger_in_use"
    assert "botmeter import" in busy.value.message


def test_threads_share_the_folder(acme: botmeter.AccountReader, server: OpenLedgers | None) -> None:
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(acme.report(*PERIOD).sessions_consumed)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [3] * 4


@pytest.mark.slow
def test_threads_read_a_file_of_an_earlier_version(acme: botmeter.AccountReader, tmp_path: Path) -> None:
    """The first one migrates it, and settles the events that wait in it."""
    data = tmp_path / "earlier"
    (data / "accounts").mkdir(parents=True)
    (data / "accounts" / "acme.duckdb").write_bytes(lzma.decompress(EARLIER.read_bytes()))
    account = botmeter.open(data).account("acme")
    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda: answers.append(account.report("2025-02-01", "2025-03-31"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert len({str(answer) for answer in answers}) == 1


def test_a_damaged_ledger_is_refused_as_such(acme: botmeter.AccountReader, filled: Path, tmp_path: Path) -> None:
    data = shutil.copytree(filled, tmp_path / "damaged")
    file = data / "accounts" / "acme.duckdb"
    file.write_bytes(file.read_bytes()[:4096] + bytes(1 << 16))
    with pytest.raises(botmeter.Unavailable) as refused:
        botmeter.open(data).account("acme").report()
    assert refused.value.code == "ledger_corrupt"
    assert is_free(data)


def test_a_server_that_stops_ends_a_reader_with_its_reason(
    acme: botmeter.AccountReader, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_read = threading.Event()

    def endless(*_: Any) -> Iterator[bytes]:
        while True:
            is_read.set()
            yield bytes(1 << 20)

    monkeypatch.setattr(questions, "answer_chunks", endless)
    with served(filled):
        connection = owner_client.connected(filled, wait_seconds=0)
        assert connection is not None
        stream = owner_client.AnswerStream(connection, {"type": "rows", "account": "acme"}, folder=filled)
        assert is_read.wait(60)
    with closing(stream), pytest.raises(botmeter.Unavailable) as stopped:
        stream.readall()
    assert stopped.value.code == "server_stopping"


@pytest.mark.slow
def test_a_killed_server_ends_a_reader_and_the_folder_is_free(
    acme: botmeter.AccountReader, filled: Path, tmp_path: Path
) -> None:
    data = shutil.copytree(filled, tmp_path / "data")
    much = ndjson(event(f"k-{number}", "2026-03-30T22:00:00Z", customer_id=f"c-{number}") for number in range(5_000))
    (tmp_path / "much.ndjson").write_text(much, encoding="utf-8")
    assert exit_code(["import", str(tmp_path / "much.ndjson"), "-a", "acme", "--data", str(data)]) == 0
    account = botmeter.open(data).account("acme")
    with server_process(data) as server:
        reader = account.sessions(*PERIOD)
        server.kill()
        server.wait()
        with reader, pytest.raises(botmeter.Unavailable, match="ended before it answered") as gone:
            reader.read_all()
    assert gone.value.code == "server_gone"
    assert account.sessions(*PERIOD).read_all().num_rows > 5_000


@pytest.mark.slow
def test_a_reader_that_is_closed_early_stops_its_work_in_the_server(
    acme: botmeter.AccountReader, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def endless(*_: Any) -> Iterator[bytes]:
        try:
            while True:
                yield bytes(1 << 20)
        finally:
            ended.set()

    monkeypatch.setattr(questions, "answer_chunks", endless)
    with served(filled):
        connection = owner_client.connected(filled, wait_seconds=0)
        assert connection is not None
        owner_client.AnswerStream(connection, {"type": "rows", "account": "acme"}, folder=filled).close()
        assert ended.wait(60)


def test_a_bug_in_the_server_is_a_sentence_with_a_reference(
    acme: botmeter.AccountReader, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Iterator[bytes]:
        raise ZeroDivisionError
        yield b""

    monkeypatch.setattr(questions, "answer_chunks", broken)
    with served(filled), pytest.raises(RuntimeError, match=r"\(reference [0-9a-f]{8}\)"):
        acme.report()
    assert "ZeroDivisionError" in next((filled / "logs").glob("*.txt")).read_text(encoding="utf-8")


def test_a_server_of_another_version_is_refused(
    acme: botmeter.AccountReader, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_host, "__version__", "9.9.9")
    with served(filled), pytest.raises(botmeter.Conflict, match="is Botmeter 9.9.9, and this program is") as refused:
        acme.report()
    assert refused.value.code == "server_other_version"
