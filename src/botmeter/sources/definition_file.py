"""Files of policies and plans."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from botmeter.domain.errors import Missing, Refused

_FILE_ENDINGS = (".toml", ".json")
# Far longer than any definition; a guard against an event file passed by mistake.
_BYTES_MAX = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionFile:
    """Text of a definition, and the name to use if it has none."""

    text: str
    name_hint: str


def definition_file(named: str, *, noun: str, cwd: Path | None, stdin: BinaryIO | None) -> DefinitionFile | None:
    """Read the file, or `stdin` for `-`; None: it can only be the name of a shipped definition.

    Raises:
        Missing: `policy_file_missing`, `plan_file_missing`.
        Refused: `policy_file_unreadable`, `plan_file_unreadable`.
    """
    path = Path(named)
    if named == "-" and stdin is not None:
        return DefinitionFile(text=_text_of(path, stdin.read(_BYTES_MAX), noun=noun), name_hint="custom")
    located = path if cwd is None else cwd / path
    if path.suffix not in _FILE_ENDINGS and "/" not in named and not located.is_file():
        return None
    return DefinitionFile(text=_text_of(path, _content(path, located, noun=noun), noun=noun), name_hint=path.stem)


def _content(path: Path, located: Path, *, noun: str) -> bytes:
    try:
        with located.open("rb") as file:
            return file.read(_BYTES_MAX)
    except FileNotFoundError:
        raise Missing(f"{noun}_file_missing", f"{noun.capitalize()} file {path} does not exist.") from None
    except OSError as problem:
        raise _unreadable(path, problem.strerror or str(problem), noun=noun) from None
    except ValueError:
        raise _unreadable(path, "not a file name", noun=noun) from None


def _text_of(path: Path, content: bytes, *, noun: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except ValueError:
        raise _unreadable(path, "not UTF-8 text", noun=noun) from None


def _unreadable(path: Path, reason: str, *, noun: str) -> Refused:
    return Refused(f"{noun}_file_unreadable", f"{noun.capitalize()} file {path} can't be read: {reason}.")
