"""How a file is written, as its name's ending says."""

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
    """The format that the ending of `path` names.

    Raises:
        Refused: `output_format_unknown`.
    """
    ending = path.suffix.lower()
    if ending not in _BY_ENDING:
        raise Refused(
            "output_format_unknown", f"{path} must end in one of {', '.join(_BY_ENDING)}, to say how it is written."
        )
    return _BY_ENDING[ending]
