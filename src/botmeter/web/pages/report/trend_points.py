"""Sessions by hour, day, week or month as points of a chart."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from botmeter.charts.trend import TrendPoint
from botmeter.domain import text
from botmeter.domain.instant import DAY_US
from botmeter.domain.period import Period
from botmeter.domain.week_hours import text_of_week_hour
from botmeter.reports.hours import HourCount
from botmeter.reports.intervals import Interval, Span, spans_of
from botmeter.web.pages.report.contexts import NotedDay, WidgetContext
from botmeter.web.question import Question

_HOUR_US: Final = DAY_US // 24


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPoint:
    """Point with its label, and a note if it is partial or without data."""

    label: str
    note: str
    point: TrendPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    now: int
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """Texts of a point; `earlier` names the compared days."""

    label: str
    earlier: str
    note: str
    day_notes: tuple[NotedDay, ...]
    has_data: bool


def labelled_points(context: WidgetContext, interval: Interval) -> tuple[LabelledPoint, ...]:
    """Points of the report's trend, in order."""
    match interval:
        case Interval.HOUR:
            return _hours(context)
        case Interval.DAY:
            return _days(context)
        case _:
            return _spans(context, interval)


def _days(context: WidgetContext) -> tuple[LabelledPoint, ...]:
    compared = _compared_days(context)
    return tuple(
        _span_point(
            Span(whole=(day.on, day.on), first_on=day.on, last_on=day.on),
            Interval.DAY,
            counts=_Counts(now=day.session_count or 0, before=compared.get(day.on)),
            context=context,
        )
        for day in context.report.trend
    )


def _spans(context: WidgetContext, interval: Interval) -> tuple[LabelledPoint, ...]:
    compared, counts = _compared_days(context), {day.on: day.session_count or 0 for day in context.report.trend}
    points = []
    for span in spans_of(context.question.query.period, interval):
        days = [span.first_on + timedelta(days=number) for number in range((span.last_on - span.first_on).days + 1)]
        before = [compared[on] for on in days if on in compared]
        # A part of the days is no comparison, unless the others are to come.
        is_compared = before and len(before) == sum(on <= context.question.today_on for on in days)
        total = _Counts(now=sum(counts[on] for on in days), before=sum(before) if is_compared else None)
        points.append(_span_point(span, interval, counts=total, context=context))
    return tuple(points)


def _span_point(span: Span, interval: Interval, *, counts: _Counts, context: WidgetContext) -> LabelledPoint:
    words = _Words(
        label=span_label(span, interval),
        earlier=_earlier_label(span, context.question),
        note=span_note(span, context),
        day_notes=context.day_notes.between(span.first_on, span.last_on),
        # A source whose clock is ahead can have sessions on days to come.
        has_data=span_has_data(span, context) or counts.now > 0,
    )
    point = _point(span.first_on, words, counts=counts)
    href = context.urls.rows(context.address.between(span.first_on, span.last_on)) if counts.now else ""
    return replace(point, point=replace(point.point, href=href))


def _point(on: date, words: _Words, *, counts: _Counts) -> LabelledPoint:
    return LabelledPoint(
        label=words.label,
        note=words.note if words.has_data else "no data",
        point=TrendPoint(
            on=on,
            count=counts.now,
            title=_title(words, counts),
            compared_count=counts.before,
            is_partial=bool(words.note),
            has_data=words.has_data,
            is_noted=bool(words.day_notes),
        ),
    )


def span_label(span: Span, interval: Interval) -> str:
    """Name of a day, week or month."""
    match interval:
        case Interval.MONTH:
            return f"{span.first_on:%b %Y}"
        case Interval.WEEK:
            return f"Week of {text.day_text(span.whole[0])}"
        case _:
            return f"{span.first_on:%a} {text.day_text(span.first_on)}"


def span_has_data(span: Span, context: WidgetContext) -> bool:
    """True if some of the days have data."""
    data_on = context.overview.first_event_on
    return data_on is not None and data_on <= span.last_on and span.first_on <= context.question.today_on


def span_note(span: Span, context: WidgetContext) -> str:
    """Name the counted part of a day, week or month; empty for all of it, and without data."""
    question, data_on = context.question, context.overview.first_event_on
    if data_on is None or not span_has_data(span, context):
        return ""
    first_on = max(span.first_on, data_on)
    begins = "" if first_on == span.whole[0] else f"from {text.day_text(first_on, year=False)}"
    ends = "" if span.last_on == span.whole[1] else f"until {text.day_text(span.last_on, year=False)}"
    if span.first_on <= question.today_on <= span.last_on:
        ends = f"until {text.clock_text(question.now_us, zone=question.zone)}"
    return " ".join(part for part in (begins, ends) if part)


def _title(words: _Words, counts: _Counts) -> str:
    count = text.counted(counts.now, "session") if words.has_data else "no data"
    parts = [f"{words.label}{', ' if words.note else ''}{words.note}: {count}"]
    if counts.before is not None:
        parts.append(f"{words.earlier}: {text.count_text(counts.before)}")
    return "; ".join((*parts, *(f"{text.day_text(one.on, year=False)}: {one.text}" for one in words.day_notes)))


def _earlier_label(span: Span, question: Question) -> str:
    first_on, last_on = (question.compared_day(on) for on in (span.first_on, span.last_on))
    if first_on is None or last_on is None or first_on >= last_on:
        return "" if first_on is None else f"{first_on:%a} {text.day_text(first_on)}"
    return text.days_text(Period(first_on=first_on, last_on=last_on))


def _compared_days(context: WidgetContext) -> dict[date, int]:
    question, compared = context.question, context.compared
    counts = {} if compared is None else {day.on: day.session_count for day in compared.trend}
    earlier = {on: question.compared_day(on) for on in question.query.period.days() if on <= question.today_on}
    pairs = ((on, counts.get(earlier_on)) for on, earlier_on in earlier.items() if earlier_on is not None)
    return {on: count for on, count in pairs if count is not None}


def _hours(context: WidgetContext) -> tuple[LabelledPoint, ...]:
    question, compared = context.question, _compared_hours(context)
    hours = context.overview.hours
    ends_us = [*(hour.start_us for hour in hours[1:]), question.query.period.end_us]
    points = []
    for hour, end_us in zip(hours, ends_us, strict=True):
        earlier_on = question.compared_day(hour.on)
        before = None if earlier_on is None else compared.get((earlier_on, hour.week_hour % 24))
        counts = _Counts(now=hour.session_count, before=before)
        points.append(_hour_point(hour, end_us, counts=counts, context=context))
    return tuple(points)


def _hour_point(hour: HourCount, end_us: int, *, counts: _Counts, context: WidgetContext) -> LabelledPoint:
    question, first_us, of_day = context.question, context.overview.recency.first_event_us, hour.week_hour % 24
    has_data = first_us is not None and first_us < end_us and hour.start_us <= question.now_us
    is_partial, earlier_on = has_data and question.now_us < end_us, question.compared_day(hour.on)
    words = _Words(
        label=_hour_label(hour.on, of_day),
        earlier="" if earlier_on is None else _hour_label(earlier_on, of_day),
        note=f"until {text.clock_text(question.now_us, zone=question.zone)}" if is_partial else "",
        # A note is of the day, which begins here.
        day_notes=() if of_day else context.day_notes.between(hour.on, hour.on),
        has_data=has_data,
    )
    point = _point(hour.on, words, counts=counts)
    address = context.address.between(hour.on, hour.on).only("hour", text_of_week_hour(hour.week_hour))
    href = context.urls.rows(address) if counts.now else ""
    return replace(point, point=replace(point.point, hour=of_day, href=href))


def _hour_label(on: date, hour: int) -> str:
    return f"{on:%a} {text.day_text(on)}, {hour:02}:00{text.DASH}{hour + 1:02}:00"


def _compared_hours(context: WidgetContext) -> dict[tuple[date, int], int]:
    compared, first_us = context.question.compared, context.overview.recency.first_event_us
    if context.compared is None or compared is None or first_us is None:
        return {}
    return {
        (hour.on, hour.week_hour % 24): hour.session_count
        for hour in context.overview.compared_hours
        if first_us < hour.start_us + _HOUR_US and hour.start_us < compared.end_us
    }
