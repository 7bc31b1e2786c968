"""Output: results to stdout, messages to stderr."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from botmeter.cli.context import command_context, located
from botmeter.cli.terminal import printable, screen_of, stdout_screen, table
from botmeter.domain.durable_files import durable_file, is_disk_full
from botmeter.domain.errors import NotAllowed, Refused, Unavailable
from botmeter.domain.receipt import Rejection

if TYPE_CHECKING:
    from botmeter.reports.export import Format as FileFormat

Format = Literal["table", "json", "csv"]
Row = Mapping[str, object]


def say(text: str) -> None:
    """Write a message to stderr."""
    stderr = command_context().stderr
    with suppress(BrokenPipeError):
        stderr.write(screen_of(stderr).plain(text) + "\n")
        stderr.flush()


def say_rejection(rejection: Rejection) -> None:
    """Write a rejection; positions count from 1."""
    event_id = printable(rejection.event_id or "no id")[:60]
    say(f"event {rejection.index + 1} ({event_id}): {printable(rejection.detail)}")


def show(text: str) -> None:
    """Write text to stdout, always as UTF-8."""
    show_bytes(text.encode("utf-8", "replace"))


def show_bytes(data: bytes) -> None:
    """Write bytes to stdout."""
    stdout = command_context().stdout
    stdout.flush()
    stdout.buffer.write(data)
    stdout.buffer.flush()


def show_json(data: object) -> None:
    """Write indented JSON to stdout."""
    show(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def show_rows(columns: Sequence[str], rows: Sequence[Row], *, form: Format) -> None:
    """Write a table, a JSON array, or CSV with a header."""
    match form:
        case "json":
            show_json([{name: row[name] for name in columns} for row in rows])
        case "csv":
            show_bytes(csv_bytes(columns, rows))
        case "table" if rows:
            values = [[row[name] for name in columns] for row in rows]
            show(table([name.replace("_", " ") for name in columns], values, screen=stdout_screen()))


def show_record(record: Row, *, form: Format, columns: tuple[str, str] = ("what", "value")) -> None:
    """Write a vertical table, a JSON object, or CSV with a header."""
    match form:
        case "json":
            show_json(record)
        case "csv":
            show_rows(tuple(record), [record], form=form)
        case "table":
            pairs = ((name.replace("_", " "), value) for name, value in record.items())
            show_rows(columns, [dict(zip(columns, pair, strict=True)) for pair in pairs], form=form)


def fields_of(value: object, names: Iterable[str]) -> dict[str, object]:
    """Attributes as a row."""
    return {name: getattr(value, name) for name in names}


def csv_bytes(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """CSV as in exports: RFC 4180, with formulas defused."""
    import pyarrow as pa

    from botmeter.reports.export import write_rows

    table = pa.table({name: pa.array([row[name] for row in rows]) for name in columns})
    buffer = BytesIO()
    write_rows(table.to_reader(), format="csv", out=buffer)
    return buffer.getvalue()


def format_of_file(path: Path) -> "FileFormat":
    """Format by a file name's ending; raises Refused `output_format_unknown`."""
    from botmeter.reports.export import FORMATS

    formats: dict[str, FileFormat] = {**{f".{name}": name for name in FORMATS}, ".jsonl": "ndjson"}
    ending = path.suffix.lower()
    if ending not in formats:
        raise Refused(
            "output_format_unknown", f"The format of {path} is unknown. Use a name that ends in {', '.join(formats)}."
        )
    return formats[ending]


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that replaces `path` when the `with` succeeds.

    Raises:
        NotAllowed: `file_not_writable`.
        Unavailable: `disk_full`.
    """
    try:
        with durable_file(located(path)) as file:
            yield file
    except OSError as problem:
        if is_disk_full(problem):
            raise Unavailable("disk_full", f"The disk is full; {path} was not written.") from None
        raise NotAllowed("file_not_writable", f"File {path} can't be written: {problem.strerror or problem}.") from None


def stdout_abandoned() -> None:
    """Send stdout to the null device, so that the flush at exit succeeds."""
    null_device = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null_device, command_context().stdout.fileno())
    os.close(null_device)
