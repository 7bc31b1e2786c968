"""Refusal of passwords that are little more than a name of this server."""

from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError

# Whoever attacks this server tries its names first, with a year or a sign.
_PRODUCT: Final = "botmeter"
_WORD_LENGTH_MIN: Final = 4
_OTHER_CHARACTERS_MIN: Final = 6


class ContextWordsValidator:
    """Refuses a password that is short without the names."""

    def validate(self, password: str, user: object = None) -> None:
        del user
        rest = password.lower()
        for word in context_words():
            rest = rest.replace(word, "")
        if rest != password.lower() and len(rest) < _OTHER_CHARACTERS_MIN:
            raise ValidationError("This password is too similar to the name of this server. Choose another one.")

    def get_help_text(self) -> str:
        return "Your password must not be similar to the name of this server."


def context_words() -> list[str]:
    """Product's name, and names in the host of the public URL, longest first."""
    host = settings.PUBLIC_ORIGIN.partition("://")[2].partition(":")[0]
    words = {_PRODUCT, *(label for label in host.split(".") if len(label) >= _WORD_LENGTH_MIN)}
    return sorted(words, key=len, reverse=True)
