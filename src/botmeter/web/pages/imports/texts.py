"""Text of imports."""

from botmeter.domain.text import THIN, count_text
from botmeter.ledger.imports import ImportKind, ImportRecord
from botmeter.ledger.lake_account import ServedRecord

_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def size_text(size_bytes: int | None) -> str:
    """Format a size: `1.2 MiB`; empty if unknown."""
    if size_bytes is None:
        return ""
    for unit_bytes, unit in _UNITS:
        if size_bytes >= unit_bytes:
            return f"{size_bytes / unit_bytes:.1f}{THIN}{unit}"
    return f"{size_bytes}{THIN}bytes"


def importer(record: ImportRecord, lake: ServedRecord | None) -> str:
    """Name who imported; `lake` is the account's."""
    return record.imported_by or ("unknown" if lake is None else "lake run")


def state_tag(record: ImportRecord, lake: ServedRecord | None) -> tuple[str, str]:
    """Text and style of an import's tag; `lake` is the account's."""
    if record.undone_at is not None:
        return ("Undone", "")
    if lake is not None and record.number in lake.waiting_imports:
        return ("Undo pending", "")
    return ("Sample", "acc") if record.kind is ImportKind.SAMPLE else ("Imported", "ok")


def labelled_counts(record: ImportRecord) -> tuple[tuple[str, str], ...]:
    """Counts of outcomes, each behind its label."""
    counts = {
        "Accepted": record.accepted,
        "Duplicates": record.duplicates,
        "Conflicts": record.conflicts,
        "Rejected": record.rejected,
    }
    return tuple((label, count_text(count)) for label, count in counts.items())
