"""Reports in folders: below the operator's folder alone, whole or not at all, and never over another file."""

import errno
import os
import stat
from pathlib import Path

import pytest

from botmeter.live.notifications import folder_transport
from botmeter.live.notifications.folder_transport import send_to_folder
from botmeter.people.notifications.delivery import Answer, Attachment, ChatText, FolderFiles, Outcome
from botmeter.people.notifications.models import Destination, Notification


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOTMETER_REPORT_DIR", str(tmp_path / "reports"))
    (tmp_path / "reports").mkdir()
    return tmp_path / "reports"


def sent(name: str = "usage.csv", *, content: bytes = b"a,b\n", folder: str = "finance") -> Answer:
    to = Destination(account="acme", name="Share", kind="folder", folder=folder, is_on=True)
    files = FolderFiles(files=(Attachment(name=name, content=content, media_type="text/csv"),))
    return send_to_folder(Notification(account="acme", destination=to, recipient="Share", topic="report"), files)


def written(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def test_a_file_is_written_into_the_folder_of_the_account(root: Path) -> None:
    assert sent() == Answer(outcome=Outcome.HANDED_OVER, text="Written: usage.csv.")
    assert sent(folder="").outcome is Outcome.HANDED_OVER
    assert written(root) == {"acme/finance/usage.csv": b"a,b\n", "acme/usage.csv": b"a,b\n"}


def test_another_file_is_never_overwritten_and_a_repeat_is_recognised(root: Path) -> None:
    sent(content=b"first")
    assert sent(content=b"second").text == "Written: usage (2).csv."
    assert sent(content=b"first").text == "Written: usage.csv."
    assert sent(content=b"third").text == "Written: usage (3).csv."
    assert sorted(written(root).values()) == [b"first", b"second", b"third"]


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("../../etc/passwd", "-..-etc-passwd"), ("/etc/passwd", "-etc-passwd"), (".bashrc", "bashrc"), ("..", "report"),
        ("", "report"), ("a\0b.csv", "ab.csv"), ("ü" * 300 + ".csv", "ü" * 100 + ".csv"), ("配送.xlsx", "配送.xlsx"),
    ],
)  # fmt: skip
def test_a_name_leads_into_no_other_folder(root: Path, name: str, stored: str) -> None:
    assert sent(name).outcome is Outcome.HANDED_OVER
    assert list(written(root)) == [f"acme/finance/{stored}"]


@pytest.mark.parametrize("link", ["acme", "acme/finance"])
def test_a_symbolic_link_below_the_folder_is_not_followed(root: Path, tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to(outside, target_is_directory=True)
    answer = sent()
    assert (answer.outcome, "BOTMETER_REPORT_DIR" in answer.text) == (Outcome.LATER, True)
    assert not list(outside.iterdir())


def test_a_link_in_the_place_of_the_file_is_neither_followed_nor_replaced(root: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"theirs")
    (root / "acme" / "finance").mkdir(parents=True)
    (root / "acme" / "finance" / "usage.csv").symlink_to(target)
    assert sent(content=b"theirs").text == "Written: usage (2).csv."
    assert target.read_bytes() == b"theirs"


def test_a_full_disk_leaves_no_part_of_a_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folder_transport.os, "fsync", full)
    assert "is full" in sent().text
    assert written(root) == {}


def test_a_file_system_without_hard_links_is_written_to(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object, **__: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(folder_transport.os, "link", unsupported)
    sent(content=b"first")
    sent(content=b"second")
    assert written(root) == {"acme/finance/usage.csv": b"first", "acme/finance/usage (2).csv": b"second"}


@pytest.mark.parametrize(("mode", "file_mode"), [(0o700, 0o600), (0o750, 0o640), (0o2770, 0o660)])
def test_who_may_read_the_folder_may_read_the_reports(root: Path, mode: int, file_mode: int) -> None:
    root.chmod(mode)
    sent()
    modes = [stat.S_IMODE(part.stat().st_mode) for part in (root / "acme", root / "acme" / "finance")]
    assert modes == [mode, mode]
    assert stat.S_IMODE((root / "acme" / "finance" / "usage.csv").stat().st_mode) == file_mode


def test_a_pipe_in_the_place_of_the_file_holds_nothing_up(root: Path) -> None:
    (root / "acme" / "finance").mkdir(parents=True)
    os.mkfifo(root / "acme" / "finance" / "usage.csv")
    assert sent().text == "Written: usage (2).csv."


def test_without_the_setting_or_its_folder_nothing_is_written(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root.rmdir()
    assert sent().outcome is Outcome.LATER
    monkeypatch.delenv("BOTMETER_REPORT_DIR")
    assert "has not set BOTMETER_REPORT_DIR" in sent().text
    assert send_to_folder(Notification(topic="alert"), ChatText(text="Hi")).outcome is Outcome.FAILED
