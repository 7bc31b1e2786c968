"""A large export of a helpdesk, whose numbers are known without counting it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

_TEXT = 'Where is my order? It was promised for last week; I have asked ""support"" three times and nobody answers. '
_MESSAGE_COUNT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeExport:
    """CSV with semicolons, and times in India, which are of the day after.

    Each customer has a conversation of ten messages. In every second one, the last is exactly a day later than the
    first, and opens another session.

    Attributes:
        on: Day, in UTC, on which all conversations begin.
    """

    on: date
    conversation_count: int

    @property
    def event_count(self) -> int:
        return self.conversation_count * _MESSAGE_COUNT

    @property
    def session_counts(self) -> tuple[int, int]:
        """Sessions of the first day, and of the second."""
        return self.conversation_count, self.conversation_count // 2

    def write(self, path: Path) -> int:
        """Write the file and return its size in bytes."""
        first = datetime.combine(self.on, time(22), UTC) + timedelta(hours=5, minutes=30)
        instants = [first + timedelta(minutes=number) for number in range(_MESSAGE_COUNT)]
        shapes = [_Shape(instants), _Shape([*instants[:-1], first + timedelta(days=1)])]
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write("Message ID;Thread;Phone;Sent;From;Text\r\n")
            for number in range(self.conversation_count):
                file.write(shapes[number % 2].text.replace("@", str(number)))
        return path.stat().st_size


class _Shape:
    """Rows of a conversation, with @ for its number."""

    def __init__(self, instants: list[datetime]) -> None:
        rows = []
        for number, at in enumerate(instants):
            actor = "bot" if number % 2 and number < _MESSAGE_COUNT - 1 else "visitor"
            rows.append(f'm@-{number};t@;+91 @;{at:%d/%m/%Y %H:%M:%S};{actor};"{_TEXT * 2}"\r\n')
        self.text = "".join(rows)
