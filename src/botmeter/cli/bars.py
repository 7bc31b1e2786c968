"""Bars and sparklines, in Unicode or ASCII."""

from collections.abc import Sequence
from dataclasses import dataclass

from botmeter.cli.terminal import Screen, cell_count, fitted, printable

INDENT = "  "
# Room for "100,000,000".
NUMBER_WIDTH = 11
_NAME_WIDTH_MAX = 32
_BAR_WIDTH_MIN = 4
_STEPS = "▁▂▃▄▅▆▇█"
_STEPS_ASCII = "_.,-=+*#"
_EIGHTHS = " ▏▎▍▌▋▊▉"
_NOT_YET = "·"


@dataclass(frozen=True, slots=True, kw_only=True)
class BarLine:
    """Bar for `count`, and numbers beside it."""

    name: str
    count: int
    numbers: Sequence[str]


def bar_lines(
    title: str, headings: Sequence[tuple[str, int]], *, lines: Sequence[BarLine], screen: Screen
) -> list[str]:
    """Draw lines under a title and headings (text, width of the numbers)."""
    numbers_width = sum(width for _, width in headings)
    names = [screen.plain(printable(line.name)) for line in lines]
    name_width_max = screen.width - numbers_width - 2 * len(INDENT) - _BAR_WIDTH_MIN
    name_width = min(_NAME_WIDTH_MAX, name_width_max, max(map(cell_count, names)))
    bar_width = screen.width - numbers_width - 2 * len(INDENT) - name_width
    most = max(line.count for line in lines)

    def numbers(texts: Sequence[str]) -> str:
        return "".join(f"{text:>{width}}" for text, (_, width) in zip(texts, headings, strict=True))

    head = title.ljust(screen.width - numbers_width) + numbers([text for text, _ in headings])
    output = [screen.styled(head, "bold")]
    for name, line in zip(names, lines, strict=True):
        blocks = bar(line.count, most=most, width=bar_width, in_unicode=screen.in_unicode)
        bar_text = screen.styled(blocks, "accent") + " " * (bar_width - len(blocks))
        output.append(f"{INDENT}{fitted(name, name_width)}{INDENT}{bar_text}{numbers(line.numbers)}")
    return output


def bar(part: int, *, most: int, width: int, in_unicode: bool = True) -> str:
    """Draw at most `width` cells; any number but zero shows."""
    if part <= 0 or most <= 0:
        return ""
    if not in_unicode:
        return "#" * max(1, part * width // most)
    whole, eighths = divmod(max(1, part * width * 8 // most), 8)
    return "█" * whole + (_EIGHTHS[eighths] if eighths else "")


def sparkline(values: Sequence[float | None], *, in_unicode: bool = True) -> str:
    """Draw one character per value, from zero to the greatest; None (a day to come) is a dot."""
    steps = _STEPS if in_unicode else _STEPS_ASCII
    most = max((value for value in values if value is not None), default=0)
    dot = _NOT_YET if in_unicode else " "
    return "".join(dot if value is None else steps[_step(value, most)] for value in values)


def pooled(values: Sequence[int | None], *, width: int) -> tuple[list[float | None], int]:
    """Pool days to fit `width`; return each pool's mean, and the days in one.

    The first pool is the smaller one, so that today, which is incomplete, never stands alone.
    """
    size = max(1, -(-len(values) // width))
    first = -(-len(values) % size)
    pools = [values[max(0, start) : start + size] for start in range(first, len(values), size)]
    return [_mean([value for value in pool if value is not None]) for pool in pools], size


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if values else None


def _step(value: float, most: float) -> int:
    if value <= 0:
        return 0
    return max(1, round(7 * value / most))
