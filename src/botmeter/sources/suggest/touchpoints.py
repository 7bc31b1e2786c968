"""Bots, channels and the other optional fields."""

from collections.abc import Iterator, Sequence

from botmeter.domain.event import KIND_BY_NAME
from botmeter.domain.text import counted
from botmeter.sources.suggest.actors import Actors
from botmeter.sources.suggest.columns import Column, ranked, readable
from botmeter.sources.suggest.suggestion import FieldSuggestion
from botmeter.sources.suggest.words import KINDS, NAMES, letters_of

BOT_ID = "bot"
_FILLED_MIN = 0.9
_KINDS_MAX = 20
_KNOWN_SHARE_MIN = 0.8
_CHANNELS_MAX = 20
_EXACT = ("bot_name", "bot_version", "ticket_id", "ticket_type", "preview")


def touchpoints(columns: Sequence[Column], *, actors: Actors, used: Sequence[Column | None]) -> list[FieldSuggestion]:
    """Suggestions for the optional fields."""
    free = [column for column in columns if column not in used and column.time is None and column.counts]
    return [*_kind(free), _bot(free, actors), *_channel(free), *_exact(free)]


def _bot(columns: Sequence[Column], actors: Actors) -> FieldSuggestion:
    # Only an event with a bot can open a session, so the customer's rows must name it.
    for column in ranked(columns, "bot_id"):
        of_customers = [
            value is not None for row, value in enumerate(column.values) if actors.actor_of(row) == "customer"
        ]
        if of_customers and sum(of_customers) >= _FILLED_MIN * len(of_customers):
            return _from_column("bot_id", column)
    return FieldSuggestion(
        field="bot_id",
        location={"constant": BOT_ID},
        reason="All rows belong to one bot.",
        doubt=f'no column names the bot in rows of customers, so all rows belong to the bot "{BOT_ID}"; give its id',
    )


def _channel(columns: Sequence[Column]) -> Iterator[FieldSuggestion]:
    for column in ranked(columns, "channel")[:1]:
        if len(column.counts) <= _CHANNELS_MAX and not all(value.isdigit() for value in column.counts):
            yield _from_column("channel", column)


def _kind(columns: Sequence[Column]) -> Iterator[FieldSuggestion]:
    for column in ranked(columns, "kind"):
        meanings = {value: meaning for value in column.counts if (meaning := _meaning(value)) is not None}
        known = sum(column.counts[value] for value in meanings)
        is_kind = len(column.counts) <= _KINDS_MAX and "message" in meanings.values() and len(column.counts) > 1
        if not is_kind or known < _KNOWN_SHARE_MIN * column.filled_count:
            continue
        unknown = [readable(value) for value in column.counts if value not in meanings]
        doubt = (
            f"{', '.join(unknown)} of {column.label} has no known meaning, so such rows are refused" if unknown else ""
        )
        values = {value: meaning for value, meaning in meanings.items() if value != meaning}
        yield FieldSuggestion(
            field="kind",
            location={**column.address.document, **({"values": values} if values else {})},
            reason=f"{column.label} has kinds of events.",
            doubt=doubt,
            samples=column.samples,
        )
        return


def _exact(columns: Sequence[Column]) -> Iterator[FieldSuggestion]:
    for field in _EXACT:
        for column in ranked(columns, field)[:1]:
            is_exact = any(name in NAMES[field] for name in column.address.names)
            if is_exact and (field != "preview" or column.facts().kind == "boolean"):
                yield _from_column(field, column)


def _from_column(field: str, column: Column) -> FieldSuggestion:
    return FieldSuggestion(
        field=field,
        location=dict(column.address.document),
        reason=f"{column.label} has {counted(len(column.counts), 'different value')}.",
        samples=column.samples,
    )


def _meaning(value: str) -> str | None:
    return value if value in KIND_BY_NAME else KINDS.get(letters_of(value))
