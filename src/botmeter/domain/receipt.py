"""Outcome of an event batch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Self

# A receipt lists at most this many rejections; its counts are complete, and every refused event is in quarantine.
REJECTIONS_SHOWN_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Reason for refusing one event.

    Attributes:
        index: Position in its batch or file, from 0.
        event_id: None: unreadable.
        code: Of the first problem, in `docs/reference/errors.md`.
        detail: A sentence per problem.
    """

    index: int
    event_id: str | None
    code: str
    detail: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Outcome counts of a batch or delivery, and its first thousand rejections, conflicts included.

    Attributes:
        ignored: A sentence per kind of content that never counts; `ignored_count` items.
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
        return cls(
            accepted=accepted,
            duplicates=duplicates,
            conflicts=conflicts,
            rejected=len(rejections) - conflicts,
            rejections=tuple(rejections[:REJECTIONS_SHOWN_MAX]),
        )

    @classmethod
    def sum_of(cls, receipts: Iterable["Receipt"]) -> Self:
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
