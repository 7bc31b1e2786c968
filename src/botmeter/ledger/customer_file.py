"""CSV files of customers to merge."""

import csv
from collections.abc import Iterator
from io import StringIO

from botmeter.domain.errors import Refused, TooMuch
from botmeter.ledger.customers import PAIRS_MAX, SameCustomer, faults_text

COLUMNS = ("customer_id", "alias")
BYTES_MAX = 2 * 1024 * 1024
"""Enough for `PAIRS_MAX` pairs of the longest ids."""


def pairs_from_csv(content: bytes) -> tuple[SameCustomer, ...]:
    """Parse pairs from the columns customer_id and alias, each with its line; skip blank lines.

    Raises:
        Refused: `merge_file_invalid`, with the invalid lines.
        TooMuch: `merge_too_large` over `BYTES_MAX` or `PAIRS_MAX`.
    """
    if len(content) > BYTES_MAX:
        raise TooMuch("merge_too_large", f"The file has {len(content):,} bytes; the limit is {BYTES_MAX:,}.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refused("merge_file_invalid", f"Line {line} of the file is not UTF-8.") from error
    rows = _rows(text)
    if not rows or sorted(_names(rows[0][1])) != sorted(COLUMNS):
        raise Refused(
            "merge_file_invalid", f"The first line of the file must be the column names {' and '.join(COLUMNS)}."
        )
    names = _names(rows[0][1])
    pairs, faults = [], []
    for line, row in rows[1:]:
        values = dict(zip(names, (value.strip() for value in row), strict=False))
        if len(row) != len(COLUMNS) or not all(values.values()):
            faults.append(f"line {line} needs a customer_id and an alias")
        else:
            pairs.append(SameCustomer(customer_id=values["customer_id"], alias=values["alias"], label=f"line {line}"))
    if faults:
        raise Refused("merge_file_invalid", f"No customers were merged: {faults_text(faults)}.")
    if len(pairs) > PAIRS_MAX:
        raise TooMuch("merge_too_large", f"The file has {len(pairs):,} pairs; the limit is {PAIRS_MAX:,}.")
    return tuple(pairs)


def csv_from_pairs(pairs: tuple[SameCustomer, ...]) -> str:
    """Format pairs as such a file."""
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((pair.customer_id, pair.alias) for pair in pairs)
    return written.getvalue()


def _rows(text: str) -> list[tuple[int, list[str]]]:
    try:
        return list(_numbered(text))
    except csv.Error as error:
        raise Refused("merge_file_invalid", f"The file is not valid CSV: {error}.") from error


def _numbered(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    for row in reader:
        if any(value.strip() for value in row):
            yield reader.line_num, row


def _names(row: list[str]) -> list[str]:
    return [name.strip().lower() for name in row]
