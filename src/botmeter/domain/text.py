"""Numbers, days and instants as people read them on the pages: the one place that decides."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from botmeter.domain.instant import datetime_from_us, us_from_datetime
from botmeter.domain.period import Period
from botmeter.domain.week_hours import WEEKDAYS

THIN = "\u202f"
MINUS = "\u2212"
DASH = "\u2013"


def count_text(number: int) -> str:
    """A count with its thousands apart: `48,213`. Never shortened."""
    return f"{number:,}".replace("-", MINUS)


def counted(number: int, noun: str) -> str:
    """A count with its noun: `1 session`, `48,213 sessions`."""
    return f"{count_text(number)} {noun if number == 1 else noun + 's'}"


def share_text(part: int, *, whole: int) -> str:
    """A share with one decimal: `6.2 %`; a dash where there is no whole."""
    return f"{100 * part / whole:.1f}{THIN}%" if whole else DASH


def ratio_text(part: int, whole: int, *, decimals: int) -> str:
    """How many `part` there are for one of `whole`: `1.28`; a dash where there is no whole."""
    return f"{part / whole:,.{decimals}f}" if whole else DASH


def change_text(number: int, *, before: int) -> str:
    """A change with its sign: `+6.2 %`, `−2.1 %`; `new` where there was nothing."""
    if not before:
        return "new" if number else f"0.0{THIN}%"
    return signed(100 * (number - before) / before, unit=f"{THIN}%")


def signed(number: float, *, unit: str = "", decimals: int = 1) -> str:
    """A number with a true sign: `+0.02`."""
    text = f"{abs(number):,.{decimals}f}"
    is_zero = float(text.replace(",", "")) == 0
    return f"{'' if is_zero else '+' if number > 0 else MINUS}{text}{unit}"


def day_text(on: date, *, year: bool = True) -> str:
    """A day: `22 Nov 2026`."""
    return f"{on.day} {on:%b %Y}" if year else f"{on.day} {on:%b}"


def days_text(period: Period) -> str:
    """A period with both its days: `24 Oct – 22 Nov 2026`."""
    first_on, last_on = period.first_on, period.last_on
    if first_on == last_on:
        return day_text(last_on)
    return f"{day_text(first_on, year=first_on.year != last_on.year)} {DASH} {day_text(last_on)}"


def month_text(month: str, *, year: bool = True) -> str:
    """A month, given as `2026-11`: `Nov 2026`."""
    first_on = date.fromisoformat(f"{month}-01")
    return f"{first_on:%b %Y}" if year else f"{first_on:%b}"


def week_hour_text(place: int) -> str:
    """An hour of the week, numbered from midnight on Mondays: `Mon 09:00–10:00`."""
    weekday, hour = divmod(place, 24)
    return f"{WEEKDAYS[weekday].capitalize()} {hour:02}:00{DASH}{hour + 1:02}:00"


def instant_text(instant_us: int, *, zone: str = "UTC", seconds: bool = True) -> str:
    """An instant as rows and stories show it: `21 Nov 2026 14:11:13`."""
    at = in_zone(instant_us, zone)
    return f"{day_text(at.date())} {at:%H:%M:%S}" if seconds else f"{day_text(at.date())} {at:%H:%M}"


def moment_text(at: datetime) -> str:
    """A moment of the people's database, in UTC to the minute: `21 Nov 2026 14:11 UTC`."""
    return f"{instant_text(us_from_datetime(at), seconds=False)} UTC"


def row_instant_text(instant_us: int, *, zone: str, now_us: int, seconds: bool = True) -> str:
    """An instant as a row of a table shows it: without the year where that is this one."""
    at = in_zone(instant_us, zone)
    day = day_text(at.date(), year=at.year != in_zone(now_us, zone).year)
    return f"{day} {at:%H:%M:%S}" if seconds else f"{day} {at:%H:%M}"


def clock_text(instant_us: int, *, zone: str = "UTC", seconds: bool = False) -> str:
    """The time of day: `14:02`."""
    return f"{in_zone(instant_us, zone):%H:%M:%S}" if seconds else f"{in_zone(instant_us, zone):%H:%M}"


def in_zone(instant_us: int, zone: str) -> datetime:
    """The instant on the clocks of a zone."""
    return datetime_from_us(instant_us).astimezone(ZoneInfo(zone))


_ID_SHOWN = 20


def short_id(value: str) -> str:
    """An id that fits a cell: a UUID by its first and last letters, others cut past twenty."""
    if len(value) == 36 and value.count("-") == 4:
        return f"{value[:8]}…{value[-4:]}"
    return value if len(value) <= _ID_SHOWN else f"{value[: _ID_SHOWN - 1]}…"


def initials(name: str) -> str:
    """Up to two letters that stand for a name."""
    words = [word for word in name.replace("@", " ").split() if word[:1].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"
