"""Sentences with links and ids in them, as pages place them (`parts/rich_text.html`).

An id can be any text: 512 bytes of it, or one that turns the line around. It is cut where it stands
in a sentence, whole in its title, and isolated from the text around it; what does not print is shown as
a code, as the command line shows it, so that no id looks like another. A name is isolated alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from botmeter.reports.explanation_sentences import shown

ID_LETTERS_MAX: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A piece of a sentence.

    Attributes:
        href: Where it leads; empty: nowhere.
        title: The whole of it, where `text` is cut; else empty.
        look: `id` for what a machine named, `name` for what a person named, empty for our own words.
    """

    text: str
    href: str = ""
    title: str = ""
    look: str = ""


Words = tuple[Word, ...]


def plain(text: str) -> Word:
    """Our own words."""
    return Word(text=text)


def linked(text: str, href: str) -> Word:
    """Our own words that lead somewhere."""
    return Word(text=text, href=href)


def id_word(text: str, href: str = "") -> Word:
    """An id, cut if it is long."""
    return _foreign(shown(text), href, look="id")


def name_word(text: str, href: str = "") -> Word:
    """A name that people gave, cut if it is long."""
    return _foreign(text, href, look="name")


def listed(words: Iterable[Word], *, most: int) -> Words:
    """The first words, commas between them, and how many more there are."""
    every = list(words)
    told: list[Word] = []
    for word in every[:most]:
        told += [plain(", "), word] if told else [word]
    return (*told, plain(f" and {len(every) - most:,} more")) if len(every) > most else tuple(told)


def text_of(words: Words) -> str:
    """The words without their links."""
    return "".join(word.text for word in words)


def _foreign(text: str, href: str, *, look: str) -> Word:
    if len(text) <= ID_LETTERS_MAX:
        return Word(text=text, href=href, look=look)
    return Word(text=f"{text[: ID_LETTERS_MAX - 1]}…", href=href, title=text, look=look)
