"""Workbooks made of rows of cells."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import xlsxwriter

_FORMATS = {datetime: "dd.mm.yyyy hh:mm:ss.000", date: "dd.mm.yyyy", time: "hh:mm:ss"}


def workbook(*rows: Sequence[object], sheet: str = "Chats", **options: Any) -> bytes:
    """Write one sheet; options are those of XlsxWriter."""
    return workbook_of_sheets({sheet: rows}, **options)


def workbook_of_sheets(sheets: Mapping[str, Sequence[Sequence[object]]], **options: Any) -> bytes:
    """Write sheets; the name of a hidden one begins with a dot."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, **options}) as book:
        formats = {kind: book.add_format({"num_format": pattern}) for kind, pattern in _FORMATS.items()}
        for name, rows in sheets.items():
            written = book.add_worksheet(name.removeprefix("."))
            if name.startswith("."):
                written.hide()
            else:
                # XlsxWriter shows the active sheet, by default the first.
                written.activate()
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    _write(written, (number, column), cell=cell, form=formats.get(type(cell)))
    return content.getvalue()


def rewritten(content: bytes, part: str, *, change: Callable[[bytes], bytes]) -> bytes:
    """Change one part of a workbook."""
    copied = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(copied, "w", zipfile.ZIP_DEFLATED) as copy:
        for member in archive.namelist():
            data = archive.read(member)
            copy.writestr(member, change(data) if member == part else data)
    return copied.getvalue()


def _write(sheet: Any, place: tuple[int, int], *, cell: object, form: Any) -> None:
    if isinstance(cell, str):
        sheet.write_string(*place, cell)
    elif form is not None:
        sheet.write_datetime(*place, cell, form)
    elif cell is not None:
        sheet.write(*place, cell)
