"""Hours of the week as text: `mon-09` is Monday from 9 to 10."""

from typing import Final

from botmeter.domain.errors import Refused

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS_OF_WEEK: Final = 7 * 24
_WEEK_HOURS: Final = {f"{day}-{hour:02}": 24 * at + hour for at, day in enumerate(WEEKDAYS) for hour in range(24)}


def week_hour_of_text(text: str) -> int:
    """Number of an hour, from 0 on Monday.

    Raises:
        Refused: `parameter_invalid`.
    """
    week_hour = _WEEK_HOURS.get(text)
    if week_hour is None:
        raise Refused(
            "parameter_invalid",
            f"Invalid value {text[:40]!r} of parameter hour. Use a weekday and an hour from 00 to 23, such as mon-09.",
        )
    return week_hour


def text_of_week_hour(week_hour: int) -> str:
    """Format an hour of the week."""
    weekday, hour = divmod(week_hour, 24)
    return f"{WEEKDAYS[weekday]}-{hour:02}"
