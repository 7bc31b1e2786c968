"""Columns of a vendor's list, and how it may be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from botmeter.sources.reader import SourceFile
from botmeter.sources.suggest.sample import sample_of
from botmeter.sources.suggest.time_formats import time_format
from botmeter.sources.vendor_sessions import proposed_columns

_TIMES_READ: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ListColumns:
    """Columns of the first rows.

    Attributes:
        document: Proposed mapping; without `started_at` if no column fits.
        doubt: Sentence part on the times to check; empty: none.
    """

    columns: tuple[str, ...]
    document: Mapping[str, Mapping[str, object]]
    doubt: str


def columns_of_list(file: SourceFile) -> ListColumns:
    """Read the start of a list; raises as `sample_of`."""
    records = [each for each in sample_of(file).records if isinstance(each, dict)]
    columns = tuple(dict.fromkeys(name for record in records for name in record if name))
    document: dict[str, dict[str, object]] = {
        field: {"column": column} for field, column in proposed_columns(columns).items()
    }
    doubt = ""
    if "started_at" in document:
        column = document["started_at"]["column"]
        texts = [str(record[column]) for record in records if record.get(str(column))][:_TIMES_READ]
        form = time_format(texts)
        if form is not None:
            document["started_at"] |= form.document
            doubt = form.doubt
    return ListColumns(columns=columns, document=document, doubt=doubt)
