"""Event files named on the command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from botmeter.cli.context import command_context, located
from botmeter.cli.output import say
from botmeter.domain.errors import Refused
from botmeter.domain.receipt import Rejection

if TYPE_CHECKING:
    from botmeter.sources.reader import SourceFile
    from botmeter.sources.table_options import TableOptions


def source_files(
    paths: list[str], *, mapping: Path | None, input_format: str | None, table: "TableOptions"
) -> "list[SourceFile]":
    """Files to read, with one mapping; patterns in buckets, which no shell expands, are expanded.

    Raises:
        Missing: `file_missing` if no file in a bucket is named so.
        Refused: `arguments_clash` if stdin is named twice.
        Unavailable: `bucket_failed`.
    """
    from botmeter.outgoing.bucket_files import matching_files
    from botmeter.outgoing.buckets import is_in_bucket
    from botmeter.sources.mapping.ready_made import mapping_named
    from botmeter.sources.reader import SourceFile
    from botmeter.sources.stream import STDIN

    if paths.count(STDIN) > 1:
        raise Refused("arguments_clash", "Standard input (-) can be read only once.")
    where = None if mapping is None else mapping_named(str(mapping), cwd=command_context().cwd)
    return [
        SourceFile(
            path=path if path == STDIN or is_in_bucket(path) else str(located(Path(path))),
            name=path,
            content=command_context().stdin.buffer if path == STDIN else None,
            mapping=where,
            format=input_format,
            table=table,
        )
        for given in paths
        for path in (matching_files(given) if is_in_bucket(given) else [given])
    ]


def mapping_text(mapping: Path | None) -> str | None:
    """Text of a mapping that was read already."""
    if mapping is None:
        return None
    from botmeter.sources.mapping.ready_made import is_mapping_file, ready_made_mapping
    from botmeter.sources.suggest.mapping_text import text_of_document

    if is_mapping_file(str(mapping), cwd=command_context().cwd):
        return located(mapping).read_text(encoding="utf-8", errors="replace")
    return text_of_document(ready_made_mapping(str(mapping)).document)


def say_if_foreign(rejections: Sequence[Rejection], *, mapping: Path | None, accepted_count: int) -> None:
    """Name the ways to a mapping if no record has the fields of an event."""
    is_foreign = rejections and all(each.code == "field_missing" for each in rejections)
    if mapping is None and is_foreign and not accepted_count:
        hint = "Name their columns with --mapping; `botmeter mapping suggest` proposes a mapping."
        say(f"No record has the fields of an event. {hint}")


def total_bytes(files: "list[SourceFile]") -> int | None:
    """Total size of the files; None with stdin."""
    from botmeter.sources.reader import size_bytes

    sizes = [size_bytes(file) for file in files]
    return None if None in sizes else sum(size or 0 for size in sizes)
