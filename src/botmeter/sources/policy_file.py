"""Policies by name, or in files that people write."""

from pathlib import Path
from typing import BinaryIO

from botmeter.domain.errors import Missing, Refused
from botmeter.metering.policy import Policy
from botmeter.metering.policy_text import policy_from_text
from botmeter.metering.preset import preset

_FILE_ENDINGS = (".toml", ".json")
# Far longer than any policy; a guard against an event file passed by mistake.
_BYTES_MAX = 1_000_000


def policy_named(text: str, *, cwd: Path | None = None, stdin: BinaryIO | None = None) -> Policy:
    """Preset of that name, or policy in that file; in `stdin` for `-`.

    Raises:
        Missing: `policy_unknown`, `policy_file_missing`.
        Refused: `policy_file_unreadable`, `policy_invalid`.
    """
    path = Path(text)
    if text == "-" and stdin is not None:
        return policy_from_text(_text_of(path, stdin.read(_BYTES_MAX)))
    located = path if cwd is None else cwd / path
    if path.suffix not in _FILE_ENDINGS and "/" not in text and not located.is_file():
        return preset(text).policy
    return policy_from_text(_text_of(path, _content(path, located)), name_hint=path.stem)


def _content(path: Path, located: Path) -> bytes:
    try:
        with located.open("rb") as file:
            return file.read(_BYTES_MAX)
    except FileNotFoundError:
        raise Missing("policy_file_missing", f"Policy file {path} does not exist.") from None
    except OSError as problem:
        raise _unreadable(path, problem.strerror or str(problem)) from None
    except ValueError:
        raise _unreadable(path, "not a file name") from None


def _text_of(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except ValueError:
        raise _unreadable(path, "not UTF-8 text") from None


def _unreadable(path: Path, reason: str) -> Refused:
    return Refused("policy_file_unreadable", f"Policy file {path} can't be read: {reason}.")
