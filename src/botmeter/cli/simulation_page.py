"""Simulation as text, and as a flat table."""

from collections.abc import Iterator

from botmeter.cli.bars import INDENT, NUMBER_WIDTH, BarLine, bar_lines
from botmeter.cli.terminal import Screen, cell_count, fitted, printable
from botmeter.domain.text import count_text, counted, day_text
from botmeter.reports.simulate import REASONS, Difference, Outcome, Simulation

COLUMNS = ("section", "policy", "key", "sessions")


def simulation_page(simulation: Simulation, *, screen: Screen) -> str:
    """Format a simulation as text."""
    period = simulation.period
    title = screen.styled(f"The same traffic of {simulation.account} under other rules", "bold")
    days = f"{day_text(period.first)} – {day_text(period.last)}"
    span = f"{days} · {counted(period.day_count, 'day')} · {period.timezone}"
    parts = [[title, span], _outcomes(simulation, screen)]
    first = simulation.outcomes[0].policy
    parts += [_difference(difference, first, screen=screen) for difference in simulation.differences]
    parts.append(screen.paragraph("A published rule says how units are counted, not what a vendor would charge."))
    return screen.page(parts)


def simulation_rows(simulation: Simulation) -> list[dict[str, object]]:
    """Rows of (section, policy, key, sessions): total, month, bot, channel, closed_by, more, fewer."""
    return [
        dict(zip(COLUMNS, (section, label, key, count), strict=True))
        for label, entries in (
            *((outcome.policy, _numbers(outcome)) for outcome in simulation.outcomes),
            *((difference.policy, _reasons(difference)) for difference in simulation.differences),
        )
        for section, key, count in entries
    ]


def _numbers(outcome: Outcome) -> Iterator[tuple[str, str | None, int]]:
    yield "total", None, outcome.session_count
    yield from (("month", one.month, one.session_count) for one in outcome.by_month)
    yield from (("bot", one.bot_id, one.opened_count) for one in outcome.by_bot)
    yield from (("channel", one.channel, one.opened_count) for one in outcome.by_channel)
    yield from (("closed_by", reason, count) for reason, count in outcome.closed_by.items())


def _reasons(difference: Difference) -> Iterator[tuple[str, str, int]]:
    yield from (("more", reason, count) for reason, count in difference.more.items())
    yield from (("fewer", reason, count) for reason, count in difference.fewer.items())


def _outcomes(simulation: Simulation, screen: Screen) -> list[str]:
    first, *others = simulation.outcomes
    differences = ["", *(f"{each.session_count - first.session_count:+,}" for each in others)]
    lines = [
        BarLine(name=each.policy, count=each.session_count, numbers=(count_text(each.session_count), difference))
        for each, difference in zip(simulation.outcomes, differences, strict=True)
    ]
    headings = [("sessions", NUMBER_WIDTH), ("difference", NUMBER_WIDTH)]
    return bar_lines("Policies", headings, lines=lines, screen=screen)


def _difference(difference: Difference, first: str, *, screen: Screen) -> list[str]:
    label = printable(difference.policy)
    title = f"{label} against {printable(first)}: {difference.session_count:+,}"
    lines = [screen.styled(fitted(title, min(screen.width, cell_count(title))), "bold")]
    for text, reasons in (
        (f"Opened only by {label}", difference.more),
        (f"Opened only by {first}", difference.fewer),
    ):
        if reasons:
            lines += [fitted(f"{INDENT}{text}: {count_text(sum(reasons.values()))}", screen.width)]
        for reason, count in reasons.items():
            number = f"{count_text(count):>{NUMBER_WIDTH}}  "
            first_line, *more_lines = screen.paragraph(REASONS[reason], indent=" " * len(number))
            lines += [number + first_line.lstrip(), *more_lines]
    if len(lines) == 1:
        lines.append(f"{INDENT}The same sessions, opened by the same events.")
    return lines
