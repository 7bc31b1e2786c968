"""Event files named on the command line."""

from pathlib import Path
from typing import TYPE_CHECKING

from botmeter.cli.context import command_context, located
from botmeter.domain.errors import Refused

if TYPE_CHECKING:
    from botmeter.sources.reader import SourceFile
    from botmeter.sources.table_options import TableOptions


def source_files(
    paths: list[str], *, mapping: Path | None, input_format: str | None, table: "TableOptions"
) -> "list[SourceFile]":
    """Files to read, all with the same mapping.

    Raises:
        Refused: `arguments_clash` if stdin is named twice.
    """
    from botmeter.sources.mapping_file import mapping_from_file
    from botmeter.sources.reader import SourceFile
    from botmeter.sources.stream import STDIN

    if paths.count(STDIN) > 1:
        raise Refused("arguments_clash", "Standard input (-) can be read only once.")
    where = None if mapping is None else mapping_from_file(located(mapping))
    return [
        SourceFile(
            path=path if path == STDIN else str(located(Path(path))),
            name=path,
            content=command_context().stdin.buffer if path == STDIN else None,
            mapping=where,
            format=input_format,
            table=table,
        )
        for path in paths
    ]


def mapping_text(mapping: Path | None) -> str | None:
    """Text of a mapping file that was read already."""
    return None if mapping is None else located(mapping).read_text(encoding="utf-8", errors="replace")


def total_bytes(files: "list[SourceFile]") -> int | None:
    """Total size of the files; None with stdin."""
    from botmeter.sources.reader import size_bytes

    sizes = [size_bytes(file) for file in files]
    return None if None in sizes else sum(size or 0 for size in sizes)
