"""Validation of names in forms."""

from django.core.exceptions import ValidationError

from botmeter.domain.display_name import character_fault


def validate_display_name(name: str) -> None:
    """Raise Django's `ValidationError` for a forbidden character."""
    if fault := character_fault(name):
        raise ValidationError(f"This can't be used: {fault}.")
