"""Text of numbers, days and instants on pages."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from botmeter.domain.instant import INSTANT_END_US, datetime_from_us, us_from_datetime
from botmeter.domain.months import QUARTER, YEAR, whole_months
from botmeter.domain.period import Period, day_from_text
from botmeter.domain.week_hours import WEEKDAYS

THIN = "\u202f"
MINUS = "\u2212"
DASH = "\u2013"
MASK = "…"
"""Stands for the middle of an id that is shown by its beginning and end; searches know it."""


def count_text(number: int) -> str:
    """Format a count: `48,213`, never shortened."""
    return f"{number:,}".replace("-", MINUS)


def counted(number: int, noun: str) -> str:
    """Format a count with its noun: `48,213 sessions`."""
    return f"{count_text(number)} {noun if number == 1 else noun + 's'}"


def share_text(part: int, *, whole: int) -> str:
    """Format a share: `6.2 %`; a dash of 0."""
    return f"{100 * part / whole:.1f}{THIN}%" if whole else DASH


def ratio_text(part: int, whole: int, *, decimals: int) -> str:
    """Format a ratio: `1.28`; a dash of 0."""
    return f"{part / whole:,.{decimals}f}" if whole else DASH


def change_text(number: int, *, before: int) -> str:
    """Format a change: `+6.2 %`, `−2.1 %`; of 0, the difference."""
    if number == before:
        return "No change"
    return percent_text(number / before - 1) if before else signed(number, decimals=0)


def percent_text(change: float) -> str:
    """Format a relative change: `+6.2 %`."""
    return signed(100 * change, unit=f"{THIN}%")


def signed(number: float, *, unit: str = "", decimals: int = 1) -> str:
    """Format a number with its sign: `+0.02`."""
    text = f"{abs(number):,.{decimals}f}"
    is_zero = float(text.replace(",", "")) == 0
    return f"{'' if is_zero else '+' if number > 0 else MINUS}{text}{unit}"


def day_text(on: date, *, year: bool = True) -> str:
    """Format a day: `22 Nov 2026`."""
    return f"{on.day} {on:%b} {on.year:04}" if year else f"{on.day} {on:%b}"


def days_text(period: Period) -> str:
    """Format a period: `24 Oct – 22 Nov 2026`, `1 – 30 Nov 2026`."""
    first_on, last_on = period.first_on, period.last_on
    if first_on == last_on:
        return day_text(last_on)
    is_one_month = (first_on.year, first_on.month) == (last_on.year, last_on.month)
    first = f"{first_on.day}" if is_one_month else day_text(first_on, year=first_on.year != last_on.year)
    return f"{first} {DASH} {day_text(last_on)}"


def span_text(first_on: date, last_on: date) -> str:
    """Name a whole month, quarter or year: `October 2026`, `Q3 2026`, `2026`; empty for other days."""
    month_count = whole_months(first_on, last_on)
    if month_count == 1:
        return f"{first_on:%B %Y}"
    if month_count == QUARTER and (first_on.month - 1) % QUARTER == 0:
        return f"Q{first_on.month // QUARTER + 1} {first_on:%Y}"
    return f"{first_on:%Y}" if month_count == YEAR and first_on.month == 1 else ""


def day_as_typed(written: str) -> date:
    """Parse a day as it is shown, `22 Nov 2026`, or in ISO.

    Raises:
        Refused: `date_invalid`.
    """
    for form in ("%d %b %Y", "%d %B %Y"):
        try:
            return datetime.strptime(" ".join(written.split()), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return day_from_text(written.strip())


def month_text(month: str, *, year: bool = True) -> str:
    """Format `2026-11`: `Nov 2026`."""
    first_on = date.fromisoformat(f"{month}-01")
    return f"{first_on:%b %Y}" if year else f"{first_on:%b}"


def week_hour_text(week_hour: int) -> str:
    """Format an hour of the week: `Mon 09:00–10:00`."""
    weekday, hour = divmod(week_hour, 24)
    return f"{WEEKDAYS[weekday].capitalize()} {hour:02}:00{DASH}{hour + 1:02}:00"


def instant_text(instant_us: int, *, zone: str = "UTC", seconds: bool = True) -> str:
    """Format an instant: `21 Nov 2026 14:11:13`."""
    at = in_zone(instant_us, zone)
    return f"{day_text(at.date())} {at:%H:%M:%S}" if seconds else f"{day_text(at.date())} {at:%H:%M}"


def end_text(ended_us: int | None, *, zone: str) -> str:
    """Format a session's end to the minute."""
    if ended_us is None:
        return "Open"
    return instant_text(ended_us, zone=zone, seconds=False) if ended_us < INSTANT_END_US else "After 9998"


def moment_text(at: datetime) -> str:
    """Format an instant to the minute: `21 Nov 2026 14:11 UTC`."""
    return f"{instant_text(us_from_datetime(at), seconds=False)} UTC"


def row_instant_text(instant_us: int, *, zone: str, now_us: int, seconds: bool = True) -> str:
    """Format an instant without the present year."""
    at = in_zone(instant_us, zone)
    day = day_text(at.date(), year=at.year != in_zone(now_us, zone).year)
    return f"{day} {at:%H:%M:%S}" if seconds else f"{day} {at:%H:%M}"


def clock_text(instant_us: int, *, zone: str = "UTC", seconds: bool = False) -> str:
    """Format a time of day: `14:02`."""
    return f"{in_zone(instant_us, zone):%H:%M:%S}" if seconds else f"{in_zone(instant_us, zone):%H:%M}"


def in_zone(instant_us: int, zone: str) -> datetime:
    """Convert an instant to local time."""
    return datetime_from_us(instant_us).astimezone(ZoneInfo(zone))


_ID_LENGTH_MAX = 20


def short_id(value: str) -> str:
    """Shorten a UUID to its ends, other ids to twenty characters."""
    if len(value) == 36 and value.count("-") == 4:
        return f"{value[:8]}{MASK}{value[-4:]}"
    return cut_id(value, length_max=_ID_LENGTH_MAX)


def cut_id(value: str, *, length_max: int) -> str:
    """Cut a long id in the middle, since ids of one sender often begin alike."""
    if len(value) <= length_max:
        return value
    end_length = (length_max - 1) * 2 // 5
    return f"{value[: length_max - 1 - end_length]}{MASK}{value[-end_length:]}"


def initials(name: str) -> str:
    """Up to two initials of a name."""
    words = [word for word in name.replace("@", " ").split() if word[:1].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"
