"""Display names of accounts and bots: one line of text."""

import unicodedata

DISPLAY_NAME_CHARACTERS_MAX = 100

# Control characters, halves of characters, and line and paragraph separators: they break a line or can't be stored.
# Format characters stay: emoji and right-to-left names need them.
_UNFIT_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def display_name_fault(name: str) -> str | None:
    """Fault as the rest of a sentence; None: valid. Empty restores the default."""
    if len(name) > DISPLAY_NAME_CHARACTERS_MAX:
        return f"it has {len(name)} characters, and the limit is {DISPLAY_NAME_CHARACTERS_MAX}"
    unfit = next((letter for letter in name if unicodedata.category(letter) in _UNFIT_CATEGORIES), None)
    return None if unfit is None else f"it contains the character U+{ord(unfit):04X}, which doesn't fit on one line"


def required_name_fault(name: str) -> str | None:
    """Fault of a required name; None: valid."""
    return display_name_fault(name) if name else "it is empty"
