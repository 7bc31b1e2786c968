"""Sentences with links and IDs (`parts/rich_text.html`).

IDs can be any text, so they are cut, bidi-isolated and escaped: no two look alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from botmeter.domain.text import cut_id
from botmeter.reports.explanation_sentences import escaped_text

ID_LETTERS_MAX: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Piece of a sentence.

    Attributes:
        title: Full text if `text` is cut.
        variant: `id`, `name` for user-chosen names, empty for our own text.
    """

    text: str
    href: str = ""
    title: str = ""
    variant: str = ""


Words = tuple[Word, ...]


def plain(text: str) -> Word:
    """Our own text."""
    return Word(text=text)


def linked(text: str, href: str) -> Word:
    """Our own text, linked."""
    return Word(text=text, href=href)


def id_word(text: str, href: str = "") -> Word:
    """ID, cut in the middle if long."""
    whole = escaped_text(text)
    return _word(whole, href, shown=cut_id(whole, length_max=ID_LETTERS_MAX), variant="id")


def name_word(text: str, href: str = "") -> Word:
    """User-chosen name, cut if long."""
    shown = text if len(text) <= ID_LETTERS_MAX else f"{text[: ID_LETTERS_MAX - 1]}…"
    return _word(text, href, shown=shown, variant="name")


def listed(words: Iterable[Word], *, most: int) -> Words:
    """Join the first words by commas, and count the rest."""
    every = list(words)
    pieces: list[Word] = []
    for word in every[:most]:
        pieces += [plain(", "), word] if pieces else [word]
    return (*pieces, plain(f" and {len(every) - most:,} more")) if len(every) > most else tuple(pieces)


def with_detail(word: Word, name: str | None) -> Words:
    """Append a user-chosen name, if any."""
    return (word, plain(" "), name_word(name)) if name else (word,)


def text_of(words: Words) -> str:
    """Text without links."""
    return "".join(word.text for word in words)


def _word(text: str, href: str, *, shown: str, variant: str) -> Word:
    return Word(text=shown, href=href, title="" if shown == text else text, variant=variant)
