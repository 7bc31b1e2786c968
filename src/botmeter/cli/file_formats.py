"""File formats by name ending."""

from pathlib import Path
from typing import TYPE_CHECKING

from botmeter.domain.errors import Refused

if TYPE_CHECKING:
    from botmeter.reports.export import Format

_BY_ENDING: "dict[str, Format]" = {
    ".csv": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}


def format_of_file(path: Path) -> "Format":
    """Return the ending's format; raises Refused `output_format_unknown`."""
    ending = path.suffix.lower()
    if ending not in _BY_ENDING:
        raise Refused(
            "output_format_unknown",
            f"The format of {path} is unknown. Use a name that ends in {', '.join(_BY_ENDING)}.",
        )
    return _BY_ENDING[ending]
