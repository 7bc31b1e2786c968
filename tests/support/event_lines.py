"""Events written as lines: `day time actor [kind] [field=value …]`.

`1 23:59 customer` is a message to bot b on the web, in conversation v of customer c, at 23:59 UTC on 1 March 2026.
`40× 1 10:00 customer` is forty of them, a second apart; in `3× 1 10:00 customer bot` the bot answers each half a
second later.
"""

import re
from typing import Any

from tests.support.event_forms import event_from_json

from botmeter.domain.event import ACTOR_BY_NAME, KIND_BY_NAME

Event = dict[str, Any]

_LINE = re.compile(r"(?:(\d+)× )?(\d+) (\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (.+)")
_SHORT = {"bot": "bot_id", "version": "bot_version", "customer": "customer_id", "conversation": "conversation_id"}
_WORDS: dict[str, object] = {"true": True, "none": None}


def events_from_lines(lines: str) -> list[Event]:
    """Events of the lines, with ids e001, e002, … in order."""
    events: list[Event] = []
    for line in filter(None, (line.strip() for line in lines.splitlines())):
        match = _LINE.fullmatch(line)
        assert match is not None, f"not an event: {line!r}"
        times, day, clock, words_text = match.groups()
        for number in range(int(times or 1)):
            for half, written in enumerate(_fields(words_text)):
                event = event_from_json({"occurred_at": f"2026-03-{int(day):02}T{_seconds(clock)}Z", **written})
                event["occurred_at"] += number * 1_000_000 + half * 500_000
                event["event_id"] = f"e{len(events) + 1:03}"
                events.append(event)
    return events


def _seconds(clock: str) -> str:
    return clock if clock.count(":") == 2 else f"{clock}:00"


def _fields(words_text: str) -> list[Event]:
    """One event per actor of the line."""
    words = words_text.split()
    shared: Event = {"channel": "web"}
    for word in words:
        if word in KIND_BY_NAME:
            shared["kind"] = word
        elif "=" in word:
            name, value = word.split("=")
            if name == "flag":
                shared["attributes"] = {value: True}
            else:
                shared[_SHORT.get(name, name)] = _WORDS.get(value, value)
    actors = [word for word in words if word in ACTOR_BY_NAME]
    assert actors, f"no actor in {words_text!r}"
    return [{"bot_id": None if actor in ("agent", "system") else "b", **shared, "actor": actor} for actor in actors]
