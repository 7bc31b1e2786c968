"""Hours of the week as words: `mon-09` is from nine to ten on Mondays."""

from typing import Final

from botmeter.domain.errors import Refused

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS_OF_WEEK: Final = 7 * 24
_PLACE_OF: Final = {f"{day}-{hour:02}": 24 * at + hour for at, day in enumerate(WEEKDAYS) for hour in range(24)}


def place_of_week_hour(text: str) -> int:
    """Which hour of the week it is, from 0 for the one after midnight on Mondays.

    Raises:
        Refused: `parameter_invalid`.
    """
    place = _PLACE_OF.get(text)
    if place is None:
        raise Refused(
            "parameter_invalid",
            f"hour can't be {text[:40]!r}; it is a weekday and an hour from 00 to 23, such as mon-09.",
        )
    return place


def text_of_week_hour(place: int) -> str:
    """The hour at that place as a word."""
    weekday, hour = divmod(place, 24)
    return f"{WEEKDAYS[weekday]}-{hour:02}"
