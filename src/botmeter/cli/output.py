"""Data to stdout in the format that was asked for, talk to stderr, files whole or not at all."""

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from botmeter.cli.context import command_context, located
from botmeter.cli.terminal import printable, screen_of, stdout_screen, table
from botmeter.domain.errors import NotAllowed

if TYPE_CHECKING:
    from botmeter.domain.receipt import Rejection

Format = Literal["table", "json", "csv"]
Row = Mapping[str, object]


def say(text: str) -> None:
    """Talk: one or more lines on stderr, in what the terminal can show."""
    stderr = command_context().stderr
    with suppress(BrokenPipeError):
        stderr.write(screen_of(stderr).plain(text) + "\n")
        stderr.flush()


def say_rejection(rejection: "Rejection") -> None:
    """Tells on stderr why an event was refused; people count from 1."""
    event_id = printable(rejection.event_id or "no id")[:60]
    say(f"event {rejection.index + 1} ({event_id}): {printable(rejection.detail)}")


def show(text: str) -> None:
    """Data: `text` on stdout, always UTF-8, however the terminal is set."""
    show_bytes(text.encode("utf-8", "replace"))


def show_bytes(data: bytes) -> None:
    """Data: `data` on stdout as it is."""
    stdout = command_context().stdout
    stdout.flush()
    stdout.buffer.write(data)
    stdout.buffer.flush()


def show_json(data: object) -> None:
    """`data` as JSON on stdout, indented, with every letter as it is."""
    show(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def show_rows(columns: Sequence[str], rows: Sequence[Row], *, form: Format) -> None:
    """Rows as a table (nothing where there is none), a JSON array of objects, or CSV with a header."""
    match form:
        case "json":
            show_json([{name: row[name] for name in columns} for row in rows])
        case "csv":
            show_bytes(csv_bytes(columns, rows))
        case "table" if rows:
            values = [[row[name] for name in columns] for row in rows]
            show(table([name.replace("_", " ") for name in columns], values, screen=stdout_screen()))


def csv_bytes(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """CSV as the exports have it: RFC 4180, with no cell that starts a formula."""
    import pyarrow as pa

    from botmeter.reports.export import write_rows

    table = pa.table({name: pa.array([row[name] for row in rows]) for name in columns})
    written = BytesIO()
    write_rows(table.to_reader(), format="csv", out=written)
    return written.getvalue()


@contextmanager
def file_in_one_piece(path: Path) -> Iterator[BinaryIO]:
    """A file to write that appears at `path` when the `with` ends well, and never half written.

    Raises:
        NotAllowed: `file_not_writable`.
    """
    place = located(path)
    draft = place.with_name(f".{path.name}.{os.getpid()}-{threading.get_native_id()}.part")
    try:
        with draft.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    except OSError as problem:
        raise NotAllowed("file_not_writable", f"{path} can't be written: {problem.strerror or problem}.") from None
    finally:
        with suppress(OSError):
            draft.unlink()


def stdout_abandoned() -> None:
    """Keeps Python from complaining about a stdout that nobody reads, when it flushes it at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, command_context().stdout.fileno())
    os.close(nowhere)
