"""Ids of events, conversations and customers, and times."""

import re
from collections import defaultdict
from collections.abc import Sequence

from botmeter.domain.text import counted
from botmeter.sources.suggest.actors import Actors
from botmeter.sources.suggest.columns import Column, ranked, readable
from botmeter.sources.suggest.suggestion import FieldSuggestion
from botmeter.sources.suggest.time_formats import TimeFormat, time_format
from botmeter.sources.suggest.time_patterns import is_clock
from botmeter.sources.suggest.words import OTHER_TIME_WORDS

_ID_SHAPE = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{24}|[0-9a-f]{32}|\d{15,20}", re.IGNORECASE
)
_TURNS = frozenset({"turn", "turn_position", "turn_number", "turn_index", "position", "sequence", "seq", "index"})
_TURNS_MORE = frozenset({"message_index", "message_number", "sequence_number", "order", "step", "line"})
_TIME_ZONE_WORDS = frozenset({"utc", "gmt"})
_FILLED_MIN = 0.9
_MIXED_MAX = 0.1


def event_id(columns: Sequence[Column], *, conversation: Column | None) -> FieldSuggestion:
    """Column that differs in each row; a join with the turn; else generated."""
    own = [column for column in columns if not column.address.is_outer and column.time is None and column.is_unique]
    ids = [
        column for column in own if not any(" " in value for value in column.counts) and not column.holds_damaged_ids
    ]
    ids = [column for column in ids if column is not conversation]
    for column in ranked(ids, "event_id"):
        return _from_column("event_id", column, reason=f"{column.label} differs in each of {_rows(column)}.")
    for column in columns:
        is_turn = _TURNS.union(_TURNS_MORE).intersection(column.address.names)
        if conversation is not None and is_turn and _differ(conversation, column):
            return _joined_id(conversation, column)
    for column in ids:
        if all(map(_ID_SHAPE.fullmatch, column.counts)):
            doubt = f"{column.label} has values that look like ids, under another name"
            reason = f"{column.label} differs in each of {_rows(column)}."
            return _from_column("event_id", column, reason=reason, doubt=doubt)
    reason = "No column holds an id of the message, so ids are made from the content of rows."
    doubt = "ids are made from the content of rows; a row that is changed and imported again is another event"
    return FieldSuggestion(field="event_id", location={"generated": True}, reason=reason, doubt=doubt)


def occurred_at(columns: Sequence[Column]) -> FieldSuggestion:
    """Column of times, or a column of days with one of hours."""
    times = [column for column in columns if column.time is not None and column.filled_share >= _FILLED_MIN]
    times.sort(key=lambda column: column.address.is_outer)
    named = [column for column in ranked(times, "occurred_at") if not _is_other_time(column)]
    if named or times:
        column = (named or [each for each in times if not _is_other_time(each)] or times)[0]
        others = [each.label for each in times if each is not column][:3]
        return _time_suggestion(column, is_sure=bool(named) or len(times) == 1, others=others)
    return _date_and_hour(columns) or FieldSuggestion(
        field="occurred_at", location={}, reason="No column holds times.", doubt=_missing_time(columns)
    )


def _missing_time(columns: Sequence[Column]) -> str:
    for column in ranked(columns, "occurred_at"):
        if column.holds_damaged_ids:
            return f"{column.label} is in scientific notation, whose last digits are lost; export it as text"
    return "no column holds times that can be read"


def conversation_column(columns: Sequence[Column]) -> Column | None:
    """Column of conversations, preferably with repeated values."""
    fitting = [column for column in ranked(columns, "conversation_id") if _is_id_column(column)]
    shared = [column for column in fitting if not column.is_unique or len(column.values) == 1]
    return next(iter(shared or fitting), None)


def customer_column(columns: Sequence[Column], *, actors: Actors, conversation: Column | None) -> Column | None:
    """Column of customers, preferably constant within a conversation."""
    fitting = [
        column
        for column in ranked(columns, "customer_id")
        if column.time is None and column.filled_share >= 0.5 and column is not conversation
    ]
    fitting = [column for column in fitting if column is not actors.column or actors.otherwise is not None]
    fitting.sort(key=lambda column: column.holds_damaged_ids)
    if conversation is None:
        return next(iter(fitting), None)
    steady = [column for column in fitting if _mixed_share(conversation, column) <= _MIXED_MAX]
    return next(iter(steady or fitting), None)


def is_of_senders(column: Column, *, conversation: Column | None) -> bool:
    """Check for a column that changes within conversations."""
    return conversation is not None and _mixed_share(conversation, column) > _MIXED_MAX


def _is_id_column(column: Column) -> bool:
    return column.time is None and column.filled_share >= _FILLED_MIN


def _mixed_share(conversation: Column, column: Column) -> float:
    values = defaultdict(set)
    for key, value in zip(conversation.values, column.values, strict=True):
        if key and value:
            values[key].add(value)
    return sum(len(each) > 1 for each in values.values()) / max(len(values), 1)


def _differ(conversation: Column, column: Column) -> bool:
    pairs = set(zip(conversation.values, column.values, strict=True))
    return len(pairs) == len(column.values) and column.filled_share == 1 == conversation.filled_share


def _joined_id(conversation: Column, turn: Column) -> FieldSuggestion:
    return FieldSuggestion(
        field="event_id",
        location={"join": [dict(conversation.address.document), dict(turn.address.document)], "separator": ":"},
        reason=f"{conversation.label} with {turn.label} differs in each of {_rows(turn)}.",
        samples=turn.samples,
    )


def _is_other_time(column: Column) -> bool:
    return bool(OTHER_TIME_WORDS.intersection("_".join(column.address.names).split("_")))


def _hour_column(columns: Sequence[Column]) -> Column | None:
    clocks = [column for column in columns if column.counts and all(map(is_clock, column.counts))]
    return next((column for column in clocks if column.filled_share >= _FILLED_MIN), None)


def _date_and_hour(columns: Sequence[Column]) -> FieldSuggestion | None:
    hour = _hour_column(columns)
    if hour is None:
        return None
    for day in columns:
        pairs = zip(day.values, hour.values, strict=True)
        texts = [f"{first} {second}" for first, second in pairs if first and second]
        form = time_format(texts) if day is not hour and len(texts) >= _FILLED_MIN * len(day.values) else None
        if form is not None:
            location = {
                "join": [dict(day.address.document), dict(hour.address.document)],
                "separator": " ",
                **form.document,
            }
            reason = f"{day.label} and {hour.label} together are {form.reason}."
            samples = tuple(map(readable, texts[:3]))
            return FieldSuggestion(
                field="occurred_at", location=location, reason=reason, doubt=form.doubt, samples=samples
            )
    return None


def _time_suggestion(column: Column, *, is_sure: bool, others: Sequence[str]) -> FieldSuggestion:
    form = column.time or TimeFormat(document={}, reason="times")
    is_utc = bool(_TIME_ZONE_WORDS.intersection("_".join(column.address.names).split("_")))
    doubts = [] if is_utc or not form.doubt else [form.doubt]
    if not is_sure:
        doubts.append(f"{column.label} is the first column of times; others are {', '.join(others)}")
    if time_format((column.label,)) is not None:
        doubts.append(f"the first row was taken for names of columns, but {column.label} is a time; add a header")
    empty_count = len(column.values) - column.filled_count
    if empty_count:
        doubts.append(f"{column.label} is empty in {counted(empty_count, 'row')}; such rows are refused")
    return FieldSuggestion(
        field="occurred_at",
        location={**column.address.document, **form.document},
        reason=f"{column.label} holds {form.reason}.",
        doubt="; ".join(doubts),
        samples=column.samples,
    )


def _from_column(field: str, column: Column, *, reason: str, doubt: str = "") -> FieldSuggestion:
    return FieldSuggestion(
        field=field, location=dict(column.address.document), reason=reason, doubt=doubt, samples=column.samples
    )


def _rows(column: Column) -> str:
    return counted(len(column.values), "row")
