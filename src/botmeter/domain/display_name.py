"""Display names: one line of text that can't change what is around it."""

import unicodedata
from typing import Final

DISPLAY_NAME_CHARACTERS_MAX: Final = 100

# Control characters, halves of characters, and line and paragraph separators: they break a line or can't be stored.
# Other format characters stay: emoji and right-to-left names need them.
_UNFIT_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Embeddings, overrides and isolates: they reorder the text that follows the name (Unicode Standard Annex 9).
_REORDERING: Final = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


def display_name_fault(name: str) -> str | None:
    """Fault as the rest of a sentence; None: valid."""
    if len(name) > DISPLAY_NAME_CHARACTERS_MAX:
        return f"it has {len(name)} characters, and the limit is {DISPLAY_NAME_CHARACTERS_MAX}"
    return character_fault(name)


def required_name_fault(name: str) -> str | None:
    """Fault of a required name; None: valid."""
    return display_name_fault(name) if name else "it is empty"


def character_fault(text: str) -> str | None:
    """Fault of the first forbidden character."""
    unfit = next(filter(_is_unfit, text), None)
    if unfit is None:
        return None
    reason = "changes the order of the text after it" if unfit in _REORDERING else "doesn't fit on one line"
    return f"it contains the character U+{ord(unfit):04X}, which {reason}"


def without_unfit_characters(text: str) -> str:
    """Clean a name of an earlier version."""
    return "".join(letter for letter in text if not _is_unfit(letter))


def _is_unfit(letter: str) -> bool:
    return letter in _REORDERING or unicodedata.category(letter) in _UNFIT_CATEGORIES
