"""Session usage report as text, never wider than the screen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any

from botmeter.cli.bars import INDENT, NUMBER_WIDTH, BarLine, bar_lines, pooled, sparkline
from botmeter.cli.terminal import Screen, printable, share_text
from botmeter.domain.period import Period
from botmeter.domain.text import MINUS, count_text, counted, day_text, days_text, signed
from botmeter.reports.filters import NO_FILTERS, Filters
from botmeter.reports.query import UsageQuery

# Room for "100.0 %".
_SHARE_WIDTH = 8
# Ten years of months; a longer list is for a file.
_LINES_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class _Split:
    title: str
    key: str
    count: tuple[str, str]
    second: tuple[str, str] | None = None
    whole: str = "sessions_consumed"


_SPLITS = (
    _Split(title="Months", key="by_month", count=("sessions", "sessions")),
    _Split(title="Bots", key="by_bot", count=("sessions", "sessions"), second=("opened", "opened")),
    _Split(title="Channels", key="by_channel", count=("sessions", "sessions"), second=("opened", "opened")),
    _Split(
        title="Ticket types",
        key="by_ticket_type",
        count=("tickets", "tickets"),
        second=("sessions", "sessions"),
        whole="tickets",
    ),
)


def report_page(answer: Mapping[str, Any], *, query: UsageQuery, screen: Screen) -> str:
    """Format the report's JSON values as text."""
    parts = [_head(answer, query, screen=screen), _headline(answer, screen)]
    if answer["sessions_consumed"]:
        parts += [_days(answer, query, screen=screen)]
        parts += [_split(answer, split, screen=screen) for split in _SPLITS if answer[split.key]]
    else:
        parts += [_nothing(query, screen)]
    return screen.page(parts)


def _head(answer: Mapping[str, Any], query: UsageQuery, *, screen: Screen) -> list[str]:
    period = query.period
    span = f"{day_text(period.first_on)} – {day_text(period.last_on)}"
    about = f"{span} · {counted(period.day_count, 'day')} · {period.timezone} · {printable(answer['policy'])}"
    title = f"Bot session consumption of {printable(answer['account'])}"
    lines = [*(screen.styled(line, "bold") for line in screen.paragraph(title)), *screen.paragraph(about)]
    if query.moved_from is not None:
        text = f"Data starts on {day_text(period.first_on)}: the period was moved up from {day_text(query.moved_from)}."
        lines += [screen.styled(line, "warn") for line in screen.paragraph(text)]
    filters = _filters_text(query.filters)
    return lines + (screen.paragraph(f"Filters: {filters}.") if filters else [])


def _filters_text(filters: Filters) -> str:
    parts = [
        f"{declared.label.lower()} {word} {printable(' or '.join(values))}"
        for declared, picked, excluded in filters.set_filters()
        for word, values in (("is", picked), ("is not", excluded))
        if values
    ]
    if filters.preview is not None:
        parts.append("previews" if filters.preview else "no previews")
    return ", ".join(parts)


def _headline(answer: Mapping[str, Any], screen: Screen) -> list[str]:
    count = answer["sessions_consumed"]
    noun = "session consumed" if count == 1 else "sessions consumed"
    beside = (
        f"of which {counted(answer['previews'], 'preview')}",
        *([f"of which {count_text(answer['not_charged'])} not charged"] if "not_charged" in answer else []),
        counted(answer["conversations"], "conversation"),
        counted(answer["tickets"], "ticket"),
    )
    headline = f"{INDENT}{screen.styled(count_text(count), 'bold')} {noun}"
    lines = [headline, *screen.paragraph(" · ".join(beside), indent=INDENT)]
    return lines + (screen.paragraph(_change(answer), indent=INDENT) if "comparison" in answer else [])


def _change(answer: Mapping[str, Any]) -> str:
    compared = answer["comparison"]
    if compared is None:
        return "No earlier data to compare with"
    first_on, last_on = (date.fromisoformat(compared["period"][name]) for name in ("from", "to"))
    before, days = compared["sessions_consumed"], days_text(Period(first_on=first_on, last_on=last_on))
    if compared["days_with_data"] < compared["period"]["days"]:
        of_days = f"{count_text(compared['days_with_data'])} of {counted(compared['period']['days'], 'day')}"
        return f"{count_text(before)} in {days}, from {of_days} with data"
    if compared["change_percent"] is None:
        return f"from {count_text(before)} in {days}"
    per_day = compared["change_per_day_percent"]
    more = f", {_percent(per_day)} per day" if per_day != compared["change_percent"] else ""
    return f"{_percent(compared['change_percent'])} from {count_text(before)} in {days}{more}"


def _percent(percent: float) -> str:
    return signed(percent, unit=" %").replace(MINUS, "-")


def _nothing(query: UsageQuery, screen: Screen) -> list[str]:
    text = (
        "No session matches these filters in this period. Remove a filter, or widen the period with --from and --to."
        if query.filters != NO_FILTERS
        else "No session started in this period. Widen it with --from and --to, or import events: `botmeter import`."
    )
    return screen.paragraph(text, indent=INDENT)


def _days(answer: Mapping[str, Any], query: UsageQuery, *, screen: Screen) -> list[str]:
    last_on = query.today_on or date.max
    trend = [(date.fromisoformat(day["date"]), day["sessions"]) for day in answer["trend"]]
    past = [(count, day) for day, count in trend if count is not None]
    width = screen.width - 2 * len(INDENT)
    values, size = pooled([count for _, count in trend], width=width)
    # A month or so has room for two cells a day, which the eye follows more easily.
    values = [value for value in values for _ in range(2)] if 2 * len(values) <= width else values
    # Today, which is incomplete, is neither the least nor the most, unless there is no other day.
    complete = [entry for entry in past if entry[1] < last_on] or past
    least, most = min(complete), max(complete, key=itemgetter(0))
    title = "Per day" if size == 1 else f"Average per day, {size} days per bar"
    first, last = day_text(trend[0][0]), day_text(trend[-1][0])
    ends = first + last.rjust(max(len(values) - len(first), len(last) + 3)) if len(trend) > 1 else first
    extremes = (
        f"lowest {count_text(least[0])} on {day_text(least[1])} · highest {count_text(most[0])} on {day_text(most[1])}"
    )
    if least[0] == most[0]:
        extremes = f"{counted(most[0], 'session')} on each day"
    if len(complete) < len(past):
        extremes += f" · today so far {count_text(past[-1][0])}"
    line = screen.styled(sparkline(values, in_unicode=screen.in_unicode), "accent")
    below = [screen.styled(each, "dim") for each in screen.paragraph(extremes, indent=INDENT)]
    return [screen.styled(title, "bold"), INDENT + line, INDENT + ends, *below]


def _split(answer: Mapping[str, Any], split: _Split, *, screen: Screen) -> list[str]:
    entries, whole = answer[split.key], answer[split.whole]
    fields = (split.count, split.second) if split.second else (split.count,)
    # Of months the newest, of other splits the largest.
    shown = entries[-_LINES_MAX:] if split.key == "by_month" else entries[:_LINES_MAX]
    greatest = max(entry[field] or 0 for entry in shown for field, _ in fields)
    number_width = max(NUMBER_WIDTH, 2 + len(count_text(greatest)))
    headings = [(heading, number_width) for _, heading in fields]
    headings.insert(1, ("share", _SHARE_WIDTH))
    lines = []
    for entry in shown:
        count = entry[split.count[0]] or 0
        numbers = ["–" if entry[field] is None else count_text(entry[field]) for field, _ in fields]
        numbers.insert(1, share_text(count, whole=whole))
        lines.append(BarLine(name=_name(entry), count=count, numbers=numbers))
    text_lines = bar_lines(split.title, headings, lines=lines, screen=screen)
    if len(entries) > _LINES_MAX:
        hidden = len(entries) - _LINES_MAX
        more = counted(hidden, "earlier month") if split.key == "by_month" else f"{count_text(hidden)} more"
        text_lines.append(f"{INDENT}… and {more}; --format csv lists them all.")
    total = sum(entry[split.count[0]] or 0 for entry in entries)
    return text_lines + screen.paragraph(_overlap(split.title, total, whole=whole), indent=INDENT)


def _name(entry: Mapping[str, Any]) -> str:
    if "month" in entry:
        return f"{entry['month']}{' (part)' if entry['partial'] else ''}"
    if "bot_id" in entry:
        return entry["bot_name"] or entry["bot_id"] or "(no bot)"
    return entry.get("channel") or entry["ticket_type"]


def _overlap(title: str, total: int, *, whole: int) -> str:
    if total <= whole:
        return ""
    noun, more = title.lower(), count_text(total - whole)
    if title == "Ticket types":
        return f"They add up to {count_text(total)}, {more} more: a ticket can have several types."
    return (
        f"The {noun} add up to {count_text(total)}, {more} more than the sessions: a session counts "
        f'once under each of its {noun}. The column "opened" counts it once, under its opening {noun[:-1]}.'
    )
