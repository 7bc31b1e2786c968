"""What one request offers to an account's ledger, and what it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field

from botmeter.domain.receipt import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The events of one request, not yet read.

    Attributes:
        account: Whose they are.
        source: An event is known by (source, event_id).
        platform: How they are read.
        texts: JSON objects: one for each event of Botmeter's own or CloudEvent, one payload of any other platform.
        received_us: When they came, µs UTC.
        delivery_id: What the sender calls the request; None: nothing.
        subject: What it is about, for people.
        is_atomic: All of it is taken or none.
    """

    account: str
    source: str
    platform: str
    texts: tuple[bytes, ...]
    received_us: int
    delivery_id: str | None = None
    subject: str = ""
    is_atomic: bool = False

    @property
    def size_bytes(self) -> int:
        """How much memory it takes while it waits."""
        return sum(map(len, self.texts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What an offer is told when what was taken of it is on disk.

    Attributes:
        receipt: What became of its events.
        ignored: A sentence for each kind of thing in it that never counts.
        ignored_count: How many things in it never count.
    """

    receipt: Receipt
    ignored: tuple[str, ...] = ()
    ignored_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An offer and whom to tell, once, from any thread."""

    offer: Offer
    tell: Callable[[Answered | Exception], None] = field(repr=False)
