"""Heat maps: bot × channel and hour × weekday."""

from dataclasses import dataclass
from typing import Final

from botmeter.domain import text
from botmeter.domain.week_hours import WEEKDAYS, text_of_week_hour
from botmeter.reports.hours import hours
from botmeter.web.components import HeatCell, HeatRow, heat_step
from botmeter.web.pages.report.contexts import WidgetContext

ROWS_MAX: Final = 12
COLUMNS_MAX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixWidget:
    """Sessions by bot (rows) and channel (columns)."""

    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    totals: tuple[str, ...]
    grand_total: str
    note: str


def matrix(context: WidgetContext) -> MatrixWidget:
    """Count distinct sessions by bot and channel."""
    report, address, urls = context.report, context.address, context.urls
    counts = {(cell.bot_id, cell.channel): cell.session_count for cell in context.overview.matrix}
    most = max(counts.values(), default=0)
    all_bots = [bot for bot in report.by_bot if bot.session_count]
    all_channels = [one for one in report.by_channel if one.session_count]
    bots, channels = all_bots, all_channels
    if not context.is_whole:
        bots, channels = all_bots[:ROWS_MAX], all_channels[:COLUMNS_MAX]
    rows = []
    for bot in bots:
        cells: list[HeatCell | None] = []
        for channel in channels:
            count = counts.get((bot.bot_id, channel.channel), 0)
            href = ""
            if bot.bot_id is not None:
                href = urls.rows(address.only("channel", channel.channel).only("bot", bot.bot_id))
            cells.append(_cell(count, most=most, href=href) if count else None)
        href = "" if bot.bot_id is None else urls.report(address.only("bot", bot.bot_id))
        total = text.count_text(bot.session_count)
        rows.append(HeatRow(name=bot.bot_name or "No bot", cells=tuple(cells), href=href, total=total))
    is_cut = len(all_bots) > len(bots) or len(all_channels) > len(channels)
    return MatrixWidget(
        columns=tuple(channel.channel for channel in channels),
        rows=tuple(rows),
        totals=tuple(text.count_text(channel.session_count) for channel in channels),
        grand_total=text.count_text(report.sessions_consumed),
        note="Totals count each session once, so cells can add up to more. \u2013 means no sessions."
        + ("Only the largest are shown. Expand to see all." if is_cut else ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursWidget:
    """Session starts by weekday and hour in the report's time zone."""

    zone: str
    days: tuple[HeatRow, ...]
    least: str
    most: str
    busiest: str


def hour_widget(context: WidgetContext) -> HoursWidget:
    """Count session starts by weekday and hour."""
    question, address, urls = context.question, context.address, context.urls
    by_day = hours(context.ledger, question.query)
    counts = [count for day in by_day for count in day]
    most = max(counts)
    at = counts.index(most)
    return HoursWidget(
        zone=question.zone,
        days=tuple(
            HeatRow(
                name=name.capitalize(),
                cells=tuple(
                    HeatCell(
                        number=count,
                        step=heat_step(count, most=most),
                        title=f"{text.week_hour_text(24 * weekday + hour)}, {text.counted(count, 'session')}",
                        href=urls.rows(address.only("hour", text_of_week_hour(24 * weekday + hour))) if count else "",
                    )
                    for hour, count in enumerate(day)
                ),
            )
            for weekday, (name, day) in enumerate(zip(WEEKDAYS, by_day, strict=True))
        ),
        least=text.count_text(min(counts)),
        most=text.count_text(most),
        busiest=f"Busiest: {text.week_hour_text(at)}" if most else "",
    )


def _cell(count: int, *, most: int, href: str) -> HeatCell:
    return HeatCell(number=count, step=heat_step(count, most=most), text=text.count_text(count), href=href)
