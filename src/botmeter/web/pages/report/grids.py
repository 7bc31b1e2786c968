"""Heat maps: bot × channel and hour × weekday."""

from dataclasses import dataclass
from typing import Final

from botmeter.domain import text
from botmeter.domain.week_hours import WEEKDAYS, text_of_week_hour
from botmeter.reports.hours import hours
from botmeter.reports.report_json import ReportBot, ReportChannel
from botmeter.web.components import HeatCell, HeatRow, Link, heat_ranges, heat_step
from botmeter.web.pages.report.contexts import WidgetContext

ROWS_MAX: Final = 12
COLUMNS_MAX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixWidget:
    """Sessions by bot (rows) and channel (columns)."""

    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    totals: tuple[Link, ...]
    grand_total: Link
    note: str


def matrix(context: WidgetContext) -> MatrixWidget:
    """Count distinct sessions by bot and channel."""
    report, address, urls = context.report, context.address, context.urls
    all_bots = [bot for bot in report.by_bot if bot.session_count]
    all_channels = [one for one in report.by_channel if one.session_count]
    bots, channels = all_bots, all_channels
    if not context.is_whole:
        bots, channels = all_bots[:ROWS_MAX], all_channels[:COLUMNS_MAX]
    is_cut = len(all_bots) > len(bots) or len(all_channels) > len(channels)
    return MatrixWidget(
        columns=tuple(channel.channel for channel in channels),
        rows=tuple(_row(bot, channels, context=context) for bot in bots),
        totals=tuple(
            Link(label=text.count_text(one.session_count), href=urls.rows(address.only("channel", one.channel)))
            for one in channels
        ),
        grand_total=Link(
            label=text.count_text(report.sessions_consumed),
            href=urls.rows(address) if report.sessions_consumed else "",
        ),
        note="Totals count each session once, so cells can add up to more. \u2013 means no sessions."
        + (" Only the largest are shown. Expand to see all." if is_cut else ""),
    )


def _row(bot: ReportBot, channels: list[ReportChannel], *, context: WidgetContext) -> HeatRow:
    urls, name, all_cells = context.urls, bot.bot_name or "No bot", context.overview.matrix
    counts = {cell.channel: cell.session_count for cell in all_cells if cell.bot_id == bot.bot_id}
    most, total = max((cell.session_count for cell in all_cells), default=0), text.count_text(bot.session_count)
    # A filter can't ask for no bot.
    address = None if bot.bot_id is None else context.address.only("bot", bot.bot_id)
    cells: list[HeatCell | None] = []
    for channel in (one.channel for one in channels):
        count = counts.get(channel, 0)
        share = text.share_text(count, whole=bot.session_count)
        cell = HeatCell(
            number=count,
            step=heat_step(count, most=most),
            text=text.count_text(count),
            href="" if address is None else urls.rows(address.only("channel", channel)),
            title=f"{name} on {channel}: {text.counted(count, 'session')}; {share} of {total}; {_shade(count, most)}",
        )
        cells.append(cell if count else None)
    return HeatRow(
        name=name,
        cells=tuple(cells),
        href="" if address is None else urls.report(address),
        total=total,
        total_href="" if address is None else urls.rows(address),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursWidget:
    """Session starts by weekday and hour in the report's time zone; `shades` are the counts of each."""

    zone: str
    days: tuple[HeatRow, ...]
    least: str
    most: str
    busiest: str
    shades: tuple[str, ...]


def hour_widget(context: WidgetContext) -> HoursWidget:
    """Count session starts by weekday and hour."""
    question = context.question
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
                    _hour_cell(24 * weekday + hour, count, most=most, context=context) for hour, count in enumerate(day)
                ),
            )
            for weekday, (name, day) in enumerate(zip(WEEKDAYS, by_day, strict=True))
        ),
        least=text.count_text(min(counts)),
        most=text.count_text(most),
        busiest=f"Busiest: {text.week_hour_text(at)}" if most else "",
        shades=tuple(_range_text(shade) for shade in heat_ranges(most)),
    )


def _hour_cell(week_hour: int, count: int, *, most: int, context: WidgetContext) -> HeatCell:
    address, total = context.address.only("hour", text_of_week_hour(week_hour)), context.report.sessions_consumed
    title = f"{text.week_hour_text(week_hour)}: {text.counted(count, 'session')}"
    if count:
        title += f"; {text.share_text(count, whole=total)} of {text.count_text(total)}; {_shade(count, most)}"
    return HeatCell(
        number=count,
        step=heat_step(count, most=most),
        title=title,
        href=context.urls.rows(address) if count else "",
    )


def _shade(count: int, most: int) -> str:
    return f"Shade: {_range_text(heat_ranges(most)[heat_step(count, most=most)])}"


def _range_text(shade: tuple[int, int]) -> str:
    least, greatest = shade
    if least > greatest:
        return "no count"
    if least == greatest:
        return text.counted(least, "session")
    return f"{text.count_text(least)} to {text.counted(greatest, 'session')}"
