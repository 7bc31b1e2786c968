"""The period picker: presets, two months, time zone."""

from calendar import monthcalendar
from collections.abc import Callable
from datetime import date, timedelta
from itertools import chain
from typing import Final

from botmeter.domain import text
from botmeter.reports.presets import Preset, preset_of
from botmeter.web.components import Link, PeriodPicker, PickerDay, PickerMonth
from botmeter.web.pages.report.report_access import Fact, ReportAccess
from botmeter.web.question import Question
from botmeter.web.report_address import ReportAddress
from botmeter.web.zones import zones_offered

# Keyboard shortcuts common to reporting tools.
_KEYS: Final[dict[Preset, str]] = {
    Preset.TODAY: "t",
    Preset.YESTERDAY: "y",
    Preset.LAST_7_DAYS: "w",
    Preset.LAST_30_DAYS: "d",
    Preset.LAST_90_DAYS: "n",
    Preset.THIS_MONTH: "m",
    Preset.LAST_MONTH: "l",
    Preset.QUARTER_TO_DATE: "q",
    Preset.LAST_12_MONTHS: "x",
    Preset.ALL: "a",
}

MakeHref = Callable[[ReportAddress], str]


def period_picker(question: Question, *, access: ReportAccess, href_of: MakeHref) -> PeriodPicker:
    """Build the picker within the page's access."""
    address, period = question.address, question.query.period
    today_on = question.today_on
    preset = preset_of((period.first_on, period.last_on), today_on=today_on, available_from=question.available_from)
    first_on, last_on = access.days or (question.available_from, today_on)
    last_on = min(last_on, today_on)
    # Days before the first data are selectable; the report then states the first day.
    selectable = (first_on if access.days else date.min, last_on)
    own = {"period", "from", "to", "timezone"}
    return PeriodPicker(
        label="Custom" if preset is None else preset.label,
        dates=f"{text.days_text(period)}, {question.zone}",
        presets=tuple(
            Link(label=one.label, href=href_of(address.with_days(one)), is_current=one is preset, key=_KEYS[one])
            for one in Preset
            if one in access.presets
        ),
        action=href_of(ReportAddress()),
        hidden_fields=tuple((name, value) for name, value in address.pairs() if name not in own),
        first_on=period.first_on.isoformat(),
        last_on=period.last_on.isoformat(),
        least_on=first_on.isoformat(),
        most_on=last_on.isoformat(),
        timezone=question.zone,
        timezones=zones_offered(question.zone) if access.allows(Fact.TIME_ZONES) else (),
        months=tuple(_month(on, question, href_of=href_of, days=selectable) for on in _two_months(period.last_on)),
        note=_note(question),
        cancel_href=href_of(address),
    )


def _note(question: Question) -> str:
    period = question.query.period
    days = text.counted(period.day_count, "day")
    return f"{days}, today partial" if period.first_on <= question.today_on <= period.last_on else days


def _two_months(last_on: date) -> tuple[date, date]:
    first_of_last = last_on.replace(day=1)
    if first_of_last == date(1, 1, 1):
        return first_of_last, date(1, 2, 1)
    return (first_of_last - timedelta(days=1)).replace(day=1), first_of_last


def _month(first_on: date, question: Question, *, href_of: MakeHref, days: tuple[date, date]) -> PickerMonth:
    weeks = monthcalendar(first_on.year, first_on.month)
    return PickerMonth(
        name=f"{first_on:%B %Y}",
        # 0 is a day of another month.
        days=tuple(
            _day(first_on.replace(day=number), question, href_of=href_of, days=days) if number else None
            for number in chain.from_iterable(weeks)
        ),
    )


def _day(on: date, question: Question, *, href_of: MakeHref, days: tuple[date, date]) -> PickerDay:
    period = question.query.period
    return PickerDay(
        day=on.day,
        on=on.isoformat(),
        href=href_of(question.address.between(on, on)),
        is_in=period.first_on <= on <= period.last_on,
        is_first=on == period.first_on,
        is_last=on == period.last_on,
        is_future=not days[0] <= on <= days[1],
    )
