"""What became of a batch of events: one receipt, with one rejection for each refused event."""

from dataclasses import dataclass, field

# A receipt names at most this many rejections in full; the counts are always complete, and every
# refused event is in quarantine.
REJECTIONS_SHOWN_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why one event was refused.

    Attributes:
        index: Position of the event in its batch or file, from 0.
        event_id: As sent, if it could be read.
        code: Stable; the first problem found, `docs/reference/errors.md` lists them.
        detail: A sentence for each problem of the event.
        raw: The event as it was sent, so that nothing is lost and it can be sent again.
    """

    index: int
    event_id: str | None
    code: str
    detail: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """How many events were taken, and what became of the others."""

    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejected: int = 0
    rejections: tuple[Rejection, ...] = ()

    @property
    def total(self) -> int:
        return self.accepted + self.duplicates + self.conflicts + self.rejected
