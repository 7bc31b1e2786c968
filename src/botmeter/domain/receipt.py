"""Receipts: the outcome of an event batch, with one rejection for each refused event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Self

# A receipt lists at most this many rejections; its counts are complete, and every refused event is in quarantine.
REJECTIONS_SHOWN_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """The reason why one event was refused.

    Attributes:
        index: Position of the event in its batch or file, from 0.
        event_id: As sent; None if it can't be read.
        code: Stable code of the first problem, listed in `docs/reference/errors.md`.
        detail: A sentence for each problem of the event.
        raw: The event as it was sent, so that it can be sent again.
    """

    index: int
    event_id: str | None
    code: str
    detail: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Counts of the outcomes of a batch or delivery, and its first thousand rejections, conflicts included.

    Attributes:
        ignored: A sentence for each kind of content that never counts.
        ignored_count: Number of items in the delivery that never count.
    """

    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejected: int = 0
    rejections: tuple[Rejection, ...] = ()
    ignored: tuple[str, ...] = ()
    ignored_count: int = 0

    @classmethod
    def of(cls, rejections: Sequence[Rejection], *, accepted: int, duplicates: int, conflicts: int) -> Self:
        """Return the receipt for these counts and all rejections, of which `conflicts` are conflicts."""
        return cls(
            accepted=accepted,
            duplicates=duplicates,
            conflicts=conflicts,
            rejected=len(rejections) - conflicts,
            rejections=tuple(rejections[:REJECTIONS_SHOWN_MAX]),
        )

    @classmethod
    def sum_of(cls, receipts: Iterable["Receipt"]) -> Self:
        """Return the receipt of several batches together."""
        several = tuple(receipts)
        named = chain.from_iterable(receipt.rejections for receipt in several)
        return cls(
            accepted=sum(receipt.accepted for receipt in several),
            duplicates=sum(receipt.duplicates for receipt in several),
            conflicts=sum(receipt.conflicts for receipt in several),
            rejected=sum(receipt.rejected for receipt in several),
            rejections=tuple(islice(named, REJECTIONS_SHOWN_MAX)),
        )

    @property
    def total(self) -> int:
        return self.accepted + self.duplicates + self.conflicts + self.rejected
