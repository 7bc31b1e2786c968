"""Settings and secrets of sources, from options."""

from dataclasses import dataclass, replace
from pathlib import Path

from botmeter.cli.context import read_file, reason_of
from botmeter.domain.errors import Missing, Refused
from botmeter.domain.source import Source

# Far longer than any key.
_SECRET_BYTES_MAX = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of a source; None: unchanged; empty text: cleared. Options are NAME=VALUE."""

    bot_id: str | None
    bot_name: str | None
    bot_version: str | None
    channel: str | None
    options: list[str] | None

    @property
    def is_empty(self) -> bool:
        return not self.options and {self.bot_id, self.bot_name, self.bot_version, self.channel} == {None}

    def applied(self, source: "Source") -> "Source":
        """Return the source with these settings."""
        options = dict(source.options) | dict(_option(text) for text in self.options or ())
        return replace(
            source,
            bot_id=_setting(self.bot_id, before=source.bot_id),
            bot_name=_setting(self.bot_name, before=source.bot_name),
            bot_version=_setting(self.bot_version, before=source.bot_version),
            channel=_setting(self.channel, before=source.channel),
            options=tuple((name, value) for name, value in options.items() if value),
        )


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


def _setting(text: str | None, *, before: str | None) -> str | None:
    return before if text is None else text or None


def _option(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise Refused("source_option_invalid", f"Invalid option {text[:60]!r}. Use NAME=VALUE, or NAME= to clear it.")
    return name, value
