"""Suggested mapping of a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from botmeter.domain.errors import Refused
from botmeter.domain.text import counted
from botmeter.sources.cloudevents import is_envelope
from botmeter.sources.mapping.ready_made import ReadyMadeMapping
from botmeter.sources.reader import SourceFile
from botmeter.sources.suggest.actors import Actors, actors_of
from botmeter.sources.suggest.columns import Column, columns_of
from botmeter.sources.suggest.identities import (
    conversation_column,
    customer_column,
    event_id,
    is_of_senders,
    occurred_at,
)
from botmeter.sources.suggest.known_exports import fitting_mapping, with_ready_made
from botmeter.sources.suggest.rows import Path, Rows, paths_to_lists, rows_at
from botmeter.sources.suggest.sample import Sample, sample_of
from botmeter.sources.suggest.suggestion import Document, FieldSuggestion, Suggestion
from botmeter.sources.suggest.touchpoints import touchpoints
from botmeter.sources.suggest.words import words_of
from botmeter.sources.table_options import TABLE_KEYS

# Lists of messages in exports of helpdesks and bots.
_LIST_NAMES = frozenset(
    {"messages", "history", "events", "turns", "conversation_parts", "parts", "transcript", "items"}
)
# A record has few lists; an answer of a language model can have many.
_LISTS_MAX = 12
ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    rows: Rows
    columns: tuple[Column, ...]
    actors: Actors
    time: FieldSuggestion


def suggested_mapping(file: SourceFile) -> Suggestion:
    """Suggest a mapping from the first rows of a file.

    Raises:
        Refused: As `batches`, and `mapping_unneeded`.
    """
    sample = sample_of(file)
    if sample.format in {"json", "ndjson"} and any(map(_is_cloudevent, sample.records)):
        # Of other ids than a mapping makes, so that the same events by HTTP would count twice.
        name = PurePath(file.label).name
        raise Refused("mapping_unneeded", f"{name} has CloudEvents, which are read without a mapping.")
    candidate, ready_made = _best_candidate(sample)
    conversation = conversation_column(candidate.columns)
    customer = customer_column(candidate.columns, actors=candidate.actors, conversation=conversation)
    fields = [
        event_id(candidate.columns, conversation=conversation),
        candidate.time,
        *_conversation_and_customer(conversation, customer, actors=candidate.actors),
        candidate.actors.suggestion,
        *touchpoints(
            candidate.columns, actors=candidate.actors, used=(conversation, customer, candidate.actors.column)
        ),
    ]
    rows = candidate.rows
    if ready_made is not None:
        fields = list(with_ready_made(fields, ready_made))
    return Suggestion(
        file_name=PurePath(file.label).name,
        format=sample.format,
        row_count=len(rows.values),
        is_whole=sample.is_whole and not rows.is_cut,
        columns=tuple(column.facts() for column in candidate.columns),
        fields=tuple(fields),
        options=_options(file, sample),
        rows=rows.pointer,
        ready_made=None if ready_made is None else ready_made.name,
        notes=() if ready_made is None else ready_made.notes,
        rows_reason=f"Each item of {rows.pointer} is a record." if rows.pointer else "",
    )


def _is_cloudevent(record: object) -> bool:
    return isinstance(record, dict) and isinstance(record.get("specversion"), str) and is_envelope(record)


def _options(file: SourceFile, sample: Sample) -> dict[str, object]:
    given = {key: getattr(file.table_options, key) for key in TABLE_KEYS}
    options = {**given, "header_row": given["header_row"] or sample.header_row}
    return {key: value for key, value in options.items() if value is not None}


def _best_candidate(sample: Sample) -> tuple[_Candidate, ReadyMadeMapping | None]:
    paths: list[Path] = [(), *paths_to_lists(sample.records)[:_LISTS_MAX]]
    candidates = sorted((_candidate(rows_at(sample.records, path)) for path in paths), key=_fitness, reverse=True)
    for candidate in candidates:
        ready_made = fitting_mapping(candidate.columns, rows=candidate.rows.pointer)
        if ready_made is not None:
            return candidate, ready_made
    return candidates[0], None


def _candidate(rows: Rows) -> _Candidate:
    columns = columns_of(rows.values)
    return _Candidate(rows=rows, columns=columns, actors=actors_of(columns), time=occurred_at(columns))


def _fitness(candidate: _Candidate) -> tuple[int, int]:
    # Records have times and authors of their own; ties go to lists with telling names, then to the outermost.
    path = candidate.rows.path
    own_time = _is_own(candidate.time.location)
    own_author = candidate.actors.column is not None and _is_own(candidate.actors.suggestion.location)
    has_name = any(words_of(part) in _LIST_NAMES for part in path)
    return (2 * own_time + 2 * own_author + has_name, -len(path))


def _is_own(location: Document) -> bool:
    is_in_list = "0" in str(location.get("pointer", "")).split("/")
    return bool(location) and "outer" not in location and not is_in_list


def _conversation_and_customer(
    conversation: Column | None, customer: Column | None, *, actors: Actors
) -> Sequence[FieldSuggestion]:
    if conversation is None and customer is None:
        missing = "no column holds ids of conversations or customers"
        return [
            FieldSuggestion(field=field, location={}, reason="No column fits.", doubt=missing)
            for field in ("conversation_id", "customer_id")
        ]
    if customer is None or conversation is None:
        return _one_for_both(conversation, customer, actors=actors)
    return [_from_column("conversation_id", conversation), _customer(customer, conversation=conversation)]


def _one_for_both(conversation: Column | None, customer: Column | None, *, actors: Actors) -> Sequence[FieldSuggestion]:
    if conversation is not None:
        first, other, column = "conversation_id", "customer_id", conversation
        doubt = f"no column holds customers, so {column.label}, the conversation, stands for the customer"
    elif customer is not None:
        first, other, column = "customer_id", "conversation_id", customer
        doubt = f"no column holds conversations, so {column.label}, the customer, stands for the conversation"
    else:
        return []
    location = dict(column.address.document)
    if column is actors.column:
        people = [value for value in column.counts if value not in actors.meanings]
        doubt += f"; {column.label} holds senders"
        if len(people) == 1:
            location["values"] = dict.fromkeys(actors.meanings, people[0])
            doubt += f"; {people[0]} is assumed to be the customer of all rows"
    suggestion = _from_column(first, column)
    pair = {
        first: FieldSuggestion(field=first, location=location, reason=suggestion.reason, samples=suggestion.samples),
        other: FieldSuggestion(field=other, location=location, reason=suggestion.reason, doubt=doubt),
    }
    return [pair["conversation_id"], pair["customer_id"]]


def _customer(customer: Column, *, conversation: Column) -> FieldSuggestion:
    location, doubts = dict(customer.address.document), []
    if is_of_senders(customer, conversation=conversation):
        doubts.append(
            f"{customer.label} changes within conversations, so rows of bots and agents name those as customer"
        )
    if customer.holds_damaged_ids:
        doubts.append(
            f"{customer.label} has numbers in scientific notation, whose last digits are lost; such rows are refused"
        )
    empty_count = len(customer.values) - customer.filled_count
    if empty_count:
        location["values"] = {"": ANONYMOUS}
        empty = counted(empty_count, "row")
        doubts.append(f'{customer.label} is empty in {empty}: all such rows have one customer, "{ANONYMOUS}"')
    suggestion = _from_column("customer_id", customer)
    return FieldSuggestion(
        field="customer_id",
        location=location,
        reason=suggestion.reason,
        doubt="; ".join(doubts),
        samples=suggestion.samples,
    )


def _from_column(field: str, column: Column) -> FieldSuggestion:
    distinct = f"{counted(len(column.counts), 'different value')} in {counted(len(column.values), 'row')}"
    return FieldSuggestion(
        field=field,
        location=dict(column.address.document),
        reason=f"{column.label} has {distinct}.",
        samples=column.samples,
    )
