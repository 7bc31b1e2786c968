"""The tables with shades: bot × channel, and hour × weekday."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botmeter.domain import text
from botmeter.domain.week_hours import WEEKDAYS, text_of_week_hour
from botmeter.web.components import HeatCell, HeatRow, Tools, heat_step
from botmeter.web.pages.report.answered import Answered
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import Question

if TYPE_CHECKING:
    from botmeter.reports.hours import Hours

ROWS_MAX: Final = 12
COLUMNS_MAX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixWidget:
    """Bots in rows, channels in columns; `note` says what the cells mean."""

    tools: Tools
    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    totals: tuple[str, ...]
    grand_total: str
    note: str


def matrix(answered: Answered, *, is_whole: bool = False) -> MatrixWidget:
    """Which bots work on which channels: distinct sessions that touched the bot on that channel."""
    report, address, places = answered.report, answered.address, answered.places
    counts = {(cell.bot_id, cell.channel): cell.session_count for cell in answered.overview.matrix}
    most = max(counts.values(), default=0)
    all_bots = [bot for bot in report.by_bot if bot.session_count]
    all_channels = [one for one in report.by_channel if one.session_count]
    bots, channels = all_bots[: None if is_whole else ROWS_MAX], all_channels[: None if is_whole else COLUMNS_MAX]
    rows = []
    for bot in bots:
        cells: list[HeatCell | None] = []
        for channel in channels:
            count = counts.get((bot.bot_id, channel.channel), 0)
            href = ""
            if bot.bot_id is not None:
                href = places.rows(address.only("channel", channel.channel).only("bot", bot.bot_id))
            cells.append(_cell(count, most=most, href=href) if count else None)
        href = "" if bot.bot_id is None else places.report(address.only("bot", bot.bot_id))
        total = text.count_text(bot.session_count)
        rows.append(HeatRow(name=bot.bot_name or "No bot", cells=tuple(cells), href=href, total=total))
    left_out = len(all_bots) > len(bots) or len(all_channels) > len(channels)
    return MatrixWidget(
        tools=Tools(rows_href=places.rows(address), expand_href=places.widget("bot-channel-matrix", address)),
        columns=tuple(channel.channel for channel in channels),
        rows=tuple(rows),
        totals=tuple(text.count_text(channel.session_count) for channel in channels),
        grand_total=text.count_text(report.sessions_consumed),
        note="Totals count a session once, so cells can add up to more. \u2013 means no session on that channel."
        + (" The largest are shown; expand to see all." if left_out else ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursWidget:
    """When sessions start: seven rows of 24 hours, in the zone of the report."""

    tools: Tools
    zone: str
    days: tuple[HeatRow, ...]
    least: str
    most: str
    busiest: str


def hour_widget(hours: "Hours", question: Question, *, places: ReportUrls) -> HoursWidget:
    """The hours at which sessions start, by weekday."""
    address = question.address
    counts = [count for day in hours.counts for count in day]
    most = max(counts)
    at = counts.index(most)
    return HoursWidget(
        tools=Tools(rows_href=places.rows(address), expand_href=places.widget("hours", address)),
        zone=question.zone,
        days=tuple(
            HeatRow(
                name=name.capitalize(),
                cells=tuple(
                    HeatCell(
                        number=count,
                        step=heat_step(count, most=most),
                        title=f"{text.week_hour_text(24 * weekday + hour)}, {text.counted(count, 'session')}",
                        href=places.rows(address.only("hour", text_of_week_hour(24 * weekday + hour))) if count else "",
                    )
                    for hour, count in enumerate(day)
                ),
            )
            for weekday, (name, day) in enumerate(zip(WEEKDAYS, hours.counts, strict=True))
        ),
        least=text.count_text(min(counts)),
        most=text.count_text(most),
        busiest=f"Busiest: {text.week_hour_text(at)}" if most else "",
    )


def _cell(count: int, *, most: int, href: str) -> HeatCell:
    return HeatCell(number=count, step=heat_step(count, most=most), text=text.count_text(count), href=href)
