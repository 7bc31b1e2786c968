"""Column of authors, and what its values mean."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from botmeter.domain.event import ACTOR_BY_NAME
from botmeter.domain.text import counted
from botmeter.sources.suggest.columns import Column, ranked, readable
from botmeter.sources.suggest.suggestion import FieldSuggestion
from botmeter.sources.suggest.words import ACTORS, OUTGOING, letters_of

_VALUES_MAX = 20
_KNOWN_SHARE_MIN = 0.9
# Alone in a column of any name, IN can be a country and member a plan.
_CUSTOMERS = frozenset({"customer", "visitor", "user", "enduser"})
_BOT_WORD = re.compile(r"\b(?:bot|chatbot|assistant)\b", re.IGNORECASE)
# What a customer wrote, in exports with a row per turn.
_TEXT_NAMES = frozenset(
    {"text", "query", "prompt", "question", "user_message", "user_input", "utterance", "query_text"}
)
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actors:
    """Suggestion for `actor`.

    Attributes:
        column: None: no column says who wrote.
        meanings: Value → actor.
        otherwise: Actor of other values.
    """

    suggestion: FieldSuggestion
    column: Column | None = None
    meanings: Mapping[str, str]
    otherwise: str | None = None

    def actor_of(self, row: int) -> str | None:
        value = self.column.values[row] if self.column is not None else None
        return self.meanings.get(value or "", self.otherwise)


def actors_of(columns: Sequence[Column]) -> Actors:
    """Column of authors, by known words, a flag, or names with a word for bot; else each row is the customer's."""
    candidates = ranked(columns, "actor")
    others = [column for column in columns if column not in candidates]
    for reading in (_by_words, _by_flag):
        for column in candidates:
            actors = reading(column)
            if actors is not None:
                return actors
    for column in others:
        actors = _by_words(column)
        if actors is not None and (len(actors.meanings) > 1 or _CUSTOMERS.issuperset(map(letters_of, actors.meanings))):
            return actors
    for column in candidates:
        actors = _by_names(column)
        if actors is not None:
            return actors
    for column in columns:
        if _TEXT_NAMES.intersection(column.address.names) and 0 < column.filled_count < len(column.values):
            return _by_text(column)
    suggestion = FieldSuggestion(
        field="actor",
        location={"constant": "customer"},
        reason="No column names the author.",
        doubt="no column names the author, so each row counts as a message of the customer",
    )
    return Actors(suggestion=suggestion, meanings={}, otherwise="customer")


def _by_words(column: Column) -> Actors | None:
    if not 0 < len(column.counts) <= _VALUES_MAX:
        return None
    meanings = {value: meaning for value in column.counts if (meaning := _meaning(value)) is not None}
    known = sum(column.counts[value] for value in meanings)
    if known < _KNOWN_SHARE_MIN * column.filled_count or "customer" not in meanings.values():
        return None
    unknown = [readable(value) for value in column.counts if value not in meanings]
    doubts = (
        [f"{', '.join(unknown)} of {column.label} has no known meaning, so such rows are refused"] if unknown else []
    )
    doubts += _doubts_about_bots(meanings)
    return _actors(column, meanings, reason="names the author", doubts=doubts)


def _doubts_about_bots(meanings: Mapping[str, str]) -> list[str]:
    outgoing = [value for value in meanings if letters_of(value) in OUTGOING]
    if outgoing:
        return [f"{', '.join(outgoing)} counts as the bot; agents may have the same value"]
    agents = [value for value, meaning in meanings.items() if meaning == "agent"]
    if agents and "bot" not in meanings.values():
        return [f"no value names a bot; if {', '.join(agents)} is the bot, map it to bot"]
    return []


def _by_flag(column: Column) -> Actors | None:
    if not column.counts or not all(value.lower() in _FLAGS for value in column.counts):
        return None
    words = set("_".join(column.address.names).split("_"))
    if words & {"customer", "user", "visitor", "contact"}:
        yes, no = "customer", "bot"
    elif words & {"bot", "me"}:
        yes, no = "bot", "customer"
    elif words & {"agent"}:
        yes, no = "agent", "customer"
    else:
        return None
    meanings = {value: yes if _FLAGS[value.lower()] else no for value in column.counts}
    return _actors(column, meanings, reason="is true or false", doubts=[])


def _by_names(column: Column) -> Actors | None:
    bots = [value for value in column.counts if _BOT_WORD.search(value)]
    if not bots or len(bots) == len(column.counts) or len(bots) > _VALUES_MAX:
        return None
    doubt = (
        f"{', '.join(map(readable, bots))} of {column.label} counts as the bot, and every other author as a customer"
    )
    meanings = dict.fromkeys(bots, "bot")
    return _actors(column, meanings, reason="has names of bots among its authors", doubts=[doubt], otherwise="customer")


def _by_text(column: Column) -> Actors:
    suggestion = FieldSuggestion(
        field="actor",
        location={**column.address.document, "values": {"": "system"}, "otherwise": "customer"},
        reason=f"{column.label} is empty in {counted(len(column.values) - column.filled_count, 'row')}.",
        doubt=f"no column names the author, so rows with {column.label} count as messages of the customer",
    )
    return Actors(suggestion=suggestion, column=column, meanings={"": "system"}, otherwise="customer")


def _actors(
    column: Column, meanings: Mapping[str, str], *, reason: str, doubts: Sequence[str], otherwise: str | None = None
) -> Actors:
    is_own = all(value == meaning for value, meaning in meanings.items())
    rest = {} if otherwise is None else {"otherwise": otherwise}
    location = {**column.address.document, **({} if is_own else {"values": dict(meanings)}), **rest}
    empty_count = len(column.values) - column.filled_count
    doubts = [
        *doubts,
        *([f"{column.label} is empty in {counted(empty_count, 'row')}; such rows are refused"] if empty_count else []),
    ]
    suggestion = FieldSuggestion(
        field="actor",
        location=location,
        reason=f"{column.label} {reason}.",
        doubt="; ".join(doubts),
        samples=column.samples,
    )
    return Actors(suggestion=suggestion, column=column, meanings=meanings, otherwise=otherwise)


def _meaning(value: str) -> str | None:
    letters = letters_of(value)
    if letters in ACTOR_BY_NAME:
        return letters
    return "bot" if letters in OUTGOING else ACTORS.get(letters)
