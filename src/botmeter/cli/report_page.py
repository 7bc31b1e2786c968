"""Session usage report as text, never wider than the screen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from botmeter.cli.bars import bar, pooled, sparkline
from botmeter.cli.terminal import Screen, cell_count, fitted, grouped, printable, share_text
from botmeter.domain.text import counted, day_text
from botmeter.reports.filters import NO_FILTERS, Filters
from botmeter.reports.query import UsageQuery

# Room for "100,000,000" and for "100.0 %".
_NUMBER_WIDTH = 11
_SHARE_WIDTH = 8
_NAME_WIDTH_MAX = 28
_INDENT = "  "
# Ten years of months; a longer list is for a file.
_LINES_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    name: str
    count: int
    second: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """Lines with bars under a heading.

    Attributes:
        counts: Meaning of the bars.
        second: Meaning of the second number; empty: none.
        whole: The 100 % of the shares.
    """

    title: str
    counts: str
    second: str = ""
    whole: int
    lines: Sequence[_Line]


def report_page(answer: Mapping[str, Any], *, query: UsageQuery, screen: Screen) -> str:
    """Format the report's JSON values as text."""
    parts = [_head(answer, query, screen=screen), _headline(answer, screen)]
    if answer["sessions_consumed"]:
        parts += [_days(answer, query, screen=screen)]
        parts += [_drawn(section, screen) for section in _sections(answer) if section.lines]
    else:
        parts += [_nothing(query, screen)]
    lines = "\n\n".join("\n".join(part) for part in parts).splitlines()
    return "".join(f"{screen.plain(line.rstrip())}\n" for line in lines)


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
        counted(answer["conversations"], "conversation"),
        counted(answer["tickets"], "ticket"),
    )
    headline = f"{_INDENT}{screen.styled(grouped(count), 'bold')} {noun}"
    return [headline, *screen.paragraph(" · ".join(beside), indent=_INDENT)]


def _nothing(query: UsageQuery, screen: Screen) -> list[str]:
    text = (
        "No session matches these filters in this period. Remove a filter, or widen the period with --from and --to."
        if query.filters != NO_FILTERS
        else "No session started in this period. Widen it with --from and --to, or import events: `botmeter import`."
    )
    return screen.paragraph(text, indent=_INDENT)


def _days(answer: Mapping[str, Any], query: UsageQuery, *, screen: Screen) -> list[str]:
    last_on = query.today_on or date.max
    trend = [(date.fromisoformat(day["date"]), day["sessions"]) for day in answer["trend"]]
    past = [(count, day) for day, count in trend if day <= last_on]
    if not past:
        return [screen.styled("Per day", "bold"), f"{_INDENT}The period has not started."]
    width = screen.width - 2 * len(_INDENT)
    values, size = pooled([count if day <= last_on else None for day, count in trend], width=width)
    # A month or so has room for two cells a day, which the eye follows more easily.
    values = [value for value in values for _ in range(2)] if 2 * len(values) <= width else values
    over = [found for found in past if found[1] < last_on] or past
    least, most = min(over), max(over, key=lambda found: found[0])
    title = "Per day" if size == 1 else f"Per day, {size} days to a bar (their mean)"
    first, last = day_text(trend[0][0]), day_text(trend[-1][0])
    ends = first + last.rjust(max(len(values) - len(first), len(last) + 3)) if len(trend) > 1 else first
    extremes = f"least {grouped(least[0])} on {day_text(least[1])} · most {grouped(most[0])} on {day_text(most[1])}"
    if least[0] == most[0]:
        extremes = f"{counted(most[0], 'session')} on each day"
    if len(over) < len(past):
        extremes += f" · today so far {grouped(past[-1][0])}"
    line = screen.styled(sparkline(values, in_unicode=screen.in_unicode), "accent")
    below = [screen.styled(each, "dim") for each in screen.paragraph(extremes, indent=_INDENT)]
    return [screen.styled(title, "bold"), _INDENT + line, _INDENT + ends, *below]


def _sections(answer: Mapping[str, Any]) -> list[_Section]:
    whole = answer["sessions_consumed"]
    months = [
        _Line(name=f"{month['month']}{' (part)' if month['partial'] else ''}", count=month["sessions"])
        for month in answer["by_month"]
    ]
    bots = [
        _Line(name=bot["bot_name"] or bot["bot_id"] or "(no bot)", count=bot["sessions"], second=bot["opened"])
        for bot in answer["by_bot"]
    ]
    channels = [
        _Line(name=each["channel"], count=each["sessions"], second=each["opened"]) for each in answer["by_channel"]
    ]
    types = [
        _Line(name=each["ticket_type"], count=each["tickets"], second=each["sessions"])
        for each in answer["by_ticket_type"]
    ]
    return [
        _Section(title="Months", counts="sessions", whole=whole, lines=months),
        _Section(title="Bots", counts="took part", second="opened", whole=whole, lines=bots),
        _Section(title="Channels", counts="took part", second="opened", whole=whole, lines=channels),
        _Section(title="Ticket types", counts="tickets", second="sessions", whole=answer["tickets"], lines=types),
    ]


def _drawn(section: _Section, screen: Screen) -> list[str]:
    shown = section.lines[:_LINES_MAX]
    names = [screen.plain(printable(line.name)) for line in shown]
    number_width = max(_NUMBER_WIDTH, 2 + max(len(grouped(max(line.count, line.second or 0))) for line in shown))
    numbers_width = number_width * (2 if section.second else 1) + _SHARE_WIDTH
    name_width = min(_NAME_WIDTH_MAX, max(map(cell_count, names)), screen.width - numbers_width - 8)
    bar_width = screen.width - numbers_width - name_width - 2 * len(_INDENT)
    most = max(line.count for line in shown)

    def numbers(count: str, share: str, *, second: str) -> str:
        return f"{count:>{number_width}}{share:>{_SHARE_WIDTH}}{second:>{number_width if section.second else 0}}"

    head = section.title.ljust(screen.width - numbers_width) + numbers(section.counts, "share", second=section.second)
    lines = [screen.styled(head, "bold")]
    for name, line in zip(names, shown, strict=True):
        drawn = bar(line.count, most=most, width=bar_width, in_unicode=screen.in_unicode)
        blocks = screen.styled(drawn, "accent") + " " * (bar_width - len(drawn))
        second = "" if line.second is None else grouped(line.second)
        counts = numbers(grouped(line.count), share_text(line.count, whole=section.whole), second=second)
        lines.append(f"{_INDENT}{fitted(name, name_width)}{_INDENT}{blocks}{counts}")
    if len(section.lines) > len(shown):
        hidden = grouped(len(section.lines) - len(shown))
        lines.append(f"{_INDENT}… and {hidden} more; --format csv lists them all.")
    return lines + screen.paragraph(_overlap(section), indent=_INDENT)


def _overlap(section: _Section) -> str:
    """Sentence on the split's excess over the headline."""
    together = sum(line.count for line in section.lines)
    more = grouped(together - section.whole)
    if together <= section.whole:
        return ""
    noun = section.title.lower()
    if section.title == "Ticket types":
        return f"They add up to {grouped(together)}, {more} more: a ticket can have several types."
    return (
        f"The {noun} add up to {grouped(together)}, {more} more than the sessions: a session counts "
        f"once under each of the {noun} it touched. Opened adds up."
    )
