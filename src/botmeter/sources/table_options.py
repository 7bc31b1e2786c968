"""Encoding of a text file, and location of the table in it."""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from botmeter.domain.errors import Refused

TABLE_KEYS: Final = ("encoding", "sheet", "header_row")
HEADER_ROW_MAX: Final = 1_000
"""Titles above a header take a few rows; they are read as text, one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """Reading options of a file; raises `Refused` (`table_option_invalid`).

    Attributes:
        encoding: None: UTF-8, or UTF-16 with a byte order mark.
        sheet: Of a workbook; None: the first visible one.
        header_row: From 1, as spreadsheets number rows; None: the first row that is not blank.
    """

    encoding: str | None = None
    sheet: str | None = None
    header_row: int | None = None

    def __post_init__(self) -> None:
        if self.encoding is not None and not _is_text_encoding(self.encoding):
            reason = f"{self.encoding[:40]!r} is not the name of a text encoding, such as windows-1252 or shift_jis."
            raise Refused("table_option_invalid", reason)
        if self.sheet == "":
            raise Refused("table_option_invalid", "The name of the sheet is empty.")
        if self.header_row is not None and not 1 <= self.header_row <= HEADER_ROW_MAX:
            reason = f"The header row is {self.header_row}; it must be from 1 to {HEADER_ROW_MAX:,}."
            raise Refused("table_option_invalid", reason)

    def over(self, other: "TableOptions") -> "TableOptions":
        """These options, completed from others."""
        return TableOptions(
            encoding=other.encoding if self.encoding is None else self.encoding,
            sheet=other.sheet if self.sheet is None else self.sheet,
            header_row=other.header_row if self.header_row is None else self.header_row,
        )


DEFAULTS: Final = TableOptions()


def table_options_from_document(document: Mapping[str, object]) -> TableOptions:
    """Options among the keys of a mapping; raises `Refused` (`table_option_invalid`)."""
    encoding, sheet, header_row = (document.get(key) for key in TABLE_KEYS)
    if not isinstance(encoding, str | None) or not isinstance(sheet, str | None):
        raise Refused("table_option_invalid", "encoding and sheet must be text.")
    if not isinstance(header_row, int | None) or isinstance(header_row, bool):
        raise Refused("table_option_invalid", "header_row must be a whole number, such as 3.")
    return TableOptions(encoding=encoding, sheet=sheet, header_row=header_row)


def _is_text_encoding(name: str) -> bool:
    try:
        # Codecs such as base64 give bytes, and two of Python's own read escapes.
        return isinstance(codecs.decode(b"", name), str) and "escape" not in codecs.lookup(name).name
    except (LookupError, ValueError, TypeError):
        return False
