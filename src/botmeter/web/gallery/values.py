"""Invented values for the gallery."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from botmeter.domain.text import count_text, share_text
from botmeter.web.components import (
    CalendarDay,
    Column,
    HeatCell,
    HeatRow,
    Opener,
    PeriodPicker,
    PickerDay,
    PickerMonth,
    Preset,
    RankedLine,
    bar_width,
    heat_step,
)
from botmeter.web.pages.session.event_list import Day
from botmeter.web.pages.session.lines import Line
from botmeter.web.rich_text import linked, plain

TODAY: Final = date(2026, 11, 22)
HERE: Final = "#"
COUNTS: Final = (1312, 1180, 1672, 1698, 1634, 1710, 1893, 1385, 1231, 1741, 1777, 1733, 1671, 1509, 1922)
BOTS: Final = (
    ("Order bot", 21480, 20110),
    ("Returns bot", 11926, 11702),
    ("Store finder", 7318, 7944),
    ("Gift cards", 1641, 806),
)
CHANNELS: Final = ("Messenger", "Web chat", "Mobile app", "SMS")


SERIES: Final = ("Delivery", "Refund", "Exchange", "Payment", "Account", "Sizes", "Gifts", "Other")
COLUMNS: Final = (
    Column(label="Session", href=HERE, is_held=True),
    Column(label="Started (UTC)", href=HERE, sorted="descending"),
    Column(label="Bots"),
    Column(label="Conversations", href=HERE, is_number=True),
)
EVENTS: Final = (
    Day(
        name="20 Dec 2026",
        lines=(
            Line(
                on=date(2026, 12, 20),
                at="22:30:04",
                kind="o",
                who=(plain("Customer c_8f21"),),
                what=(plain("Message to Order bot on Messenger"),),
                effect="Opened this session",
                why=(plain("No session was open for c_8f21, so this message opened one."),),
                weight="open",
            ),
            Line(
                on=date(2026, 12, 20),
                at="22:56 – 00:13",
                kind="b",
                who=(plain("8 messages"),),
                what=(plain("4 from the customer"),),
                effect="Inside the window",
                is_folded=True,
            ),
        ),
    ),
    Day(
        name="21 Dec 2026",
        lines=(
            Line(
                on=date(2026, 12, 21),
                at="10:44:09",
                kind="t",
                who=(plain("Returns bot"),),
                what=(plain("Raised ticket #48291, Refund"),),
                effect="Ticket counted",
            ),
            Line(
                on=date(2026, 12, 21),
                at="10:51:20",
                kind="a",
                who=(plain("Agent Maya"),),
                what=(plain("Closed the conversation"),),
                effect="No effect",
            ),
            Line(
                on=date(2026, 12, 21),
                at="22:30:04",
                kind="e",
                who=(plain("Policy"),),
                what=(plain("24 hours are over"),),
                effect="Closed this session",
                weight="close",
            ),
            Line(
                on=date(2026, 12, 21),
                at="22:41:37",
                kind="n",
                who=(plain("Customer c_8f21"),),
                what=(plain("Message to Order bot on Messenger"),),
                effect="Opened another session",
                why=(plain("11 min 33 s after the end. "), linked("s_8r30vd", HERE)),
                weight="next",
            ),
        ),
    ),
)


def ranked() -> tuple[RankedLine, ...]:
    """Return ranked bars: expanded, nested and tagged."""
    whole = sum(count for _, count, _ in BOTS)
    lines = [
        RankedLine(
            name=name,
            number=count,
            value=count_text(count),
            width=bar_width(count, longest=BOTS[0][1]),
            before=bar_width(before, longest=BOTS[0][1]),
            share=share_text(count, whole=whole),
            href=HERE,
        )
        for name, count, before in BOTS
    ]
    opened = replace(lines[0], opener=Opener(name="Hide versions of Order bot", href=HERE, is_open=True))
    nested = replace(lines[2], name="v14", before=None, is_nested=True)
    return (opened, nested, *lines[1:3], replace(lines[3], tag="deleted"))


def matrix() -> tuple[HeatRow, ...]:
    """Return bots by channel, one of them missing a channel."""
    rows = []
    for i, (name, count, _) in enumerate(BOTS):
        parts_of = [count // (2 + j * (i + 1)) for j in range(len(CHANNELS))]
        cells = [
            HeatCell(number=part, step=heat_step(part, most=BOTS[0][1] // 2), text=count_text(part), href=HERE)
            for part in parts_of
        ]
        rows.append(
            HeatRow(name=name, cells=(*cells[:3], cells[3] if i % 2 else None), total=count_text(count), href=HERE)
        )
    return tuple(rows)


def hours() -> tuple[HeatRow, ...]:
    """Return a week of hours."""
    return tuple(
        HeatRow(
            name=name,
            cells=tuple(
                HeatCell(number=h, step=heat_step(min(h, 30 - h) + day, most=21), title=f"{name} {h:02d}:00", href=HERE)
                for h in range(24)
            ),
        )
        for day, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
    )


def calendar() -> tuple[CalendarDay, ...]:
    """Return a month with sessions and today."""
    outside = tuple(CalendarDay(day=0, is_outside=True) for _ in range(6))
    days = [
        CalendarDay(day=i, count="1" if i % 9 == 4 else "", step=2, href=HERE if i % 9 == 4 else "", is_today=i == 22)
        for i in range(1, 31)
    ]
    return (*outside, *days)


def period() -> PeriodPicker:
    """Return the period picker over two months."""
    words = (
        ("Today", "t"),
        ("Yesterday", "y"),
        ("Last 7 days", "7"),
        ("Last 30 days", "3"),
        ("This month", "m"),
        ("All", "a"),
    )
    return PeriodPicker(
        label="Last 30 days",
        dates="24 Oct – 22 Nov 2026, UTC",
        presets=tuple(Preset(label=label, href=HERE, key=key, is_current=key == "3") for label, key in words),
        months=(_picker_month(2026, 10, blank_count=3), _picker_month(2026, 11, blank_count=6)),
        action=HERE,
        cancel_href=HERE,
        first_on="2026-10-24",
        last_on="2026-11-22",
        least_on="2022-02-04",
        most_on="2026-11-22",
        timezones=("UTC", "Asia/Kolkata"),
        note="30 days, today partial",
    )


def _picker_month(year: int, month: int, *, blank_count: int) -> PickerMonth:
    first_on, chosen_on = date(year, month, 1), date(2026, 10, 24)
    days: list[PickerDay | None] = [None] * blank_count
    on = first_on
    while on.month == month:
        chosen = chosen_on <= on <= TODAY
        days.append(
            PickerDay(
                day=on.day,
                on=on.isoformat(),
                href=HERE,
                is_in=chosen,
                is_first=on == chosen_on,
                is_last=on == TODAY,
                is_future=on > TODAY,
            )
        )
        on += timedelta(days=1)
    return PickerMonth(name=f"{first_on:%B %Y}", days=tuple(days))
