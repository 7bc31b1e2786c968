"""Simulation as text, and as a flat table."""

from collections.abc import Iterator

from botmeter.cli.bars import bar
from botmeter.cli.terminal import Screen, cell_count, fitted, grouped, printable
from botmeter.domain.text import counted, day_text
from botmeter.reports.simulate import REASONS, Difference, Outcome, Simulation

COLUMNS = ("section", "policy", "key", "sessions")

_INDENT = "  "
_NUMBER_WIDTH = 11
_LABEL_WIDTH_MAX = 32


def simulation_page(simulation: Simulation, *, screen: Screen) -> str:
    """Format a simulation as text."""
    period = simulation.query.period
    title = screen.styled(f"The same traffic of {simulation.account} under other rules", "bold")
    days = f"{day_text(period.first_on)} – {day_text(period.last_on)}"
    span = f"{days} · {counted(period.day_count, 'day')} · {period.timezone}"
    parts = [[title, span], _outcomes(simulation, screen)]
    first = simulation.outcomes[0].policy.label
    parts += [_difference(difference, first, screen=screen) for difference in simulation.differences]
    parts.append(screen.paragraph("A published rule says how units are counted, not what a vendor would charge."))
    lines = "\n\n".join("\n".join(part) for part in parts).splitlines()
    return "".join(f"{screen.plain(line.rstrip())}\n" for line in lines)


def simulation_rows(simulation: Simulation) -> list[dict[str, object]]:
    """Return rows of (section, policy, key, sessions): total, month, bot, channel, closed_by, more, fewer."""
    return [
        dict(zip(COLUMNS, (section, label, key, count), strict=True))
        for label, entries in (
            *((outcome.policy.label, _numbers(outcome)) for outcome in simulation.outcomes),
            *((difference.policy.label, _reasons(difference)) for difference in simulation.differences),
        )
        for section, key, count in entries
    ]


def _numbers(outcome: Outcome) -> Iterator[tuple[str, str | None, int]]:
    yield "total", None, outcome.session_count
    yield from (("month", month, count) for month, count in outcome.by_month)
    yield from (("bot", bot_id, count) for bot_id, _, count in outcome.by_bot)
    yield from (("channel", channel, count) for channel, count in outcome.by_channel)
    yield from (("closed_by", reason, count) for reason, count in outcome.closed_by.items())


def _reasons(difference: Difference) -> Iterator[tuple[str, str, int]]:
    yield from (("more", reason, count) for reason, count in difference.more.items())
    yield from (("fewer", reason, count) for reason, count in difference.fewer.items())


def _outcomes(simulation: Simulation, screen: Screen) -> list[str]:
    outcomes = simulation.outcomes
    labels = [screen.plain(printable(outcome.policy.label)) for outcome in outcomes]
    label_width = min(_LABEL_WIDTH_MAX, max(map(cell_count, labels)))
    bar_width = screen.width - len(_INDENT) - label_width - 2 - 2 * _NUMBER_WIDTH
    most = max(outcome.session_count for outcome in outcomes)
    head = "Policies" + f"{'sessions':>{_NUMBER_WIDTH}}{'difference':>{_NUMBER_WIDTH}}".rjust(
        screen.width - len("Policies")
    )
    lines = [screen.styled(head, "bold")]
    for label, outcome in zip(labels, outcomes, strict=True):
        drawn = bar(outcome.session_count, most=most, width=bar_width, in_unicode=screen.in_unicode)
        apart = outcome.session_count - outcomes[0].session_count
        text = "" if outcome is outcomes[0] else f"{apart:+,}"
        blocks = screen.styled(drawn, "accent") + " " * (bar_width - len(drawn))
        numbers = f"{grouped(outcome.session_count):>{_NUMBER_WIDTH}}{text:>{_NUMBER_WIDTH}}"
        lines.append(f"{_INDENT}{fitted(label, label_width)}  {blocks}{numbers}")
    return lines


def _difference(difference: Difference, first: str, *, screen: Screen) -> list[str]:
    label = printable(difference.policy.label)
    title = f"{label} against {printable(first)}: {difference.session_count:+,}"
    lines = [screen.styled(fitted(title, min(screen.width, cell_count(title))), "bold")]
    for text, reasons in (
        (f"Opened by {label} alone", difference.more),
        (f"Opened by {first} alone", difference.fewer),
    ):
        if reasons:
            lines += [fitted(f"{_INDENT}{text}: {grouped(sum(reasons.values()))}", screen.width)]
        for reason, count in reasons.items():
            number = f"{grouped(count):>{_NUMBER_WIDTH}}  "
            first_line, *rest = screen.paragraph(REASONS[reason], indent=" " * len(number))
            lines += [number + first_line.lstrip(), *rest]
    if len(lines) == 1:
        lines.append(f"{_INDENT}The same sessions, opened by the same events.")
    return lines
