"""Period picker: presets, two months, time zone."""

from calendar import monthcalendar
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain
from typing import Final

from botmeter.domain import text
from botmeter.reports.period_steps import Direction, stepped_days
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
    Preset.LAST_QUARTER: "k",
    Preset.THIS_YEAR: "e",
    Preset.LAST_YEAR: "p",
    Preset.LAST_12_MONTHS: "x",
    Preset.ALL: "a",
}

MakeHref = Callable[[ReportAddress], str]


def period_picker(question: Question, *, access: ReportAccess, href_of: MakeHref) -> PeriodPicker:
    """Build the picker within the page's access."""
    address, period = question.address, question.query.period
    today_on, preset = question.today_on, _preset(question)
    first_on, last_on = access.days or (question.available_from, today_on)
    last_on = min(last_on, today_on)
    # Days before the first data are selectable; the report then states the first day.
    selectable = (first_on if access.days else date.min, last_on)
    own = {"period", "from", "to", "timezone"}
    return PeriodPicker(
        label=_label(question, preset),
        dates=f"{text.days_text(period)}, {question.zone}",
        presets=tuple(
            Link(label=one.label, href=href_of(address.with_days(one)), is_current=one is preset, key=_KEYS[one])
            for one in Preset
            if one in access.presets
        ),
        action=href_of(ReportAddress()),
        hidden_fields=tuple((name, value) for name, value in address.pairs() if name not in own),
        back=_step(question, Direction.BACK, access=access, href_of=href_of),
        forth=_step(question, Direction.FORTH, access=access, href_of=href_of),
        first_on=text.day_text(period.first_on),
        last_on=text.day_text(period.last_on),
        least_on=selectable[0].isoformat(),
        most_on=last_on.isoformat(),
        timezone=question.zone,
        timezones=zones_offered(question.zone) if access.allows(Fact.TIME_ZONES) else (),
        months=tuple(_month(on, question, href_of=href_of, days=selectable) for on in _two_months(period.last_on)),
        note=_note(question),
        cancel_href=href_of(address),
    )


def _preset(question: Question) -> Preset | None:
    period = question.query.period
    if question.address.preset is not None:
        return question.address.preset
    days = (period.first_on, period.last_on)
    return preset_of(days, today_on=question.today_on, available_from=question.available_from, unit_months=0)


def _label(question: Question, preset: Preset | None) -> str:
    period = question.query.period
    return preset.label if preset is not None else text.span_text(period.first_on, period.last_on) or "Custom"


def _step(question: Question, direction: Direction, *, access: ReportAccess, href_of: MakeHref) -> Link:
    """Link to the period beside; without address where there is none."""
    address, period, unit_months = question.address, question.query.period, question.unit_months
    least_on, most_on = access.days or (question.available_from, question.today_on)
    name = "Previous period" if direction is Direction.BACK else "Next period"
    first_on = question.query.moved_from or period.first_on
    days = stepped_days(
        (first_on, period.last_on), direction, unit_months=unit_months, today_on=min(most_on, question.today_on)
    )
    is_outside = days is None or days[1] < least_on or (access.days is not None and days[0] < least_on)
    if days is None or is_outside or address.preset is Preset.ALL:
        return Link(label=name, href="")
    preset = preset_of(
        days, today_on=question.today_on, available_from=question.available_from, unit_months=unit_months
    )
    is_offered = preset is not None and preset in access.presets
    target = address.with_days(preset) if preset is not None and is_offered else address.between(*days)
    beside = replace(period, first_on=days[0], last_on=days[1])
    return Link(label=f"{name}: {text.days_text(beside)}", href=href_of(target))


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
        on=first_on.isoformat(),
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
