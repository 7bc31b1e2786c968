"""What people may call an account or a bot: one line of text that every page, file and terminal can show."""

import unicodedata

DISPLAY_NAME_CHARACTERS_MAX = 100

# Control characters, halves of characters, and line and paragraph separators: they break a line or can't be stored.
# Format characters stay: emoji and right-to-left names need them.
_UNFIT_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def display_name_fault(name: str) -> str | None:
    """Why `name` can't be shown as a name, as the rest of a sentence; None if it can.

    The empty text is no fault: it takes a name back.
    """
    if len(name) > DISPLAY_NAME_CHARACTERS_MAX:
        return f"it has {len(name)} characters, and the most is {DISPLAY_NAME_CHARACTERS_MAX}"
    unfit = next((letter for letter in name if unicodedata.category(letter) in _UNFIT_CATEGORIES), None)
    return None if unfit is None else f"it holds the character U+{ord(unfit):04X}, which can't be shown on one line"


def required_name_fault(name: str) -> str | None:
    """Why `name` can't be shown as a name, where the empty text names nothing; None if it can."""
    return display_name_fault(name) if name else "it is empty"
