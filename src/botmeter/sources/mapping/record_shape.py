"""Fields of the records that a mapping reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from botmeter.domain.event import FIELDS, REQUIRED_FIELDS

_ID_FIELDS: Final = ("event_id", "conversation_id", "customer_id", "bot_id", "ticket_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordShape:
    """Fields of a record.

    Attributes:
        time: Field that a mapping's clock reads.
        ids: Fields from which numbers lose a `.0`.
        numbers: Fields whose decimal mark a mapping can name.
        hint: Columns of a file → what helps if one is missing.
    """

    fields: tuple[str, ...]
    required: tuple[str, ...]
    time: str
    ids: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    hint: Callable[[Sequence[str]], str]


EVENTS: Final = RecordShape(
    fields=FIELDS,
    required=REQUIRED_FIELDS,
    time="occurred_at",
    ids=_ID_FIELDS,
    hint=lambda _: "Name the columns of the fields with --mapping; `botmeter mapping suggest` proposes a mapping.",
)
