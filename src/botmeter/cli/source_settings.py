"""Settings and secrets of sources, from options."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from botmeter.cli.context import read_file, reason_of
from botmeter.domain.errors import Missing, Refused
from botmeter.domain.source import Source

# Far longer than any key.
_SECRET_BYTES_MAX = 65_536


def with_settings(source: Source, *, options: list[str] | None, **defaults: str | None) -> Source:
    """The source with these defaults and options (NAME=VALUE); None: unchanged; empty text: cleared."""
    values = dict(source.options) | dict(_option(text) for text in options or ())
    changes: dict[str, Any] = {name: text or None for name, text in defaults.items() if text is not None}
    return replace(source, options=tuple((name, value) for name, value in values.items() if value), **changes)


def secret_in(path: Path | None) -> str:
    """Read the secret from a file (`-`: stdin); empty without a file.

    Raises:
        Missing: `file_missing`.
        Refused: `secret_invalid` if it isn't text.
    """
    if path is None:
        return ""
    try:
        return read_file(path, bytes_max=_SECRET_BYTES_MAX).decode("utf-8-sig")
    except FileNotFoundError:
        raise Missing("file_missing", f"File {path} does not exist.") from None
    except (OSError, ValueError) as problem:
        reason = reason_of(problem, otherwise="not UTF-8 text")
        raise Refused("secret_invalid", f"The secret in {path} can't be read: {reason}.") from None


def _option(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise Refused("source_option_invalid", f"Invalid option {text[:60]!r}. Use NAME=VALUE, or NAME= to clear it.")
    return name, value
