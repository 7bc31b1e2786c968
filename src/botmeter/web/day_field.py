"""Form field for a day, written as pages show it."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from botmeter.domain.errors import Refused
from botmeter.domain.text import day_as_typed, day_text


class DayInput(forms.TextInput):
    """Text field that shows `22 Nov 2026` in every browser, whose own fields for days follow its language."""

    def __init__(self) -> None:
        super().__init__(attrs={"placeholder": "22 Nov 2026", "autocomplete": "off", "class": "num"})

    def format_value(self, value: Any) -> str | None:
        return day_text(value) if isinstance(value, date) else super().format_value(value)


class DayField(forms.DateField):
    """Field for a day, as it is shown or in ISO."""

    widget = DayInput

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values:
            return None
        if isinstance(value, date):
            return value
        try:
            return day_as_typed(str(value))
        except Refused as error:
            raise ValidationError(str(error)) from None
