"""Bars and sparklines, in Unicode or ASCII."""

from collections.abc import Sequence

_STEPS = "▁▂▃▄▅▆▇█"
_STEPS_ASCII = "_.,-=+*#"
_EIGHTHS = " ▏▎▍▌▋▊▉"
NOT_YET = "·"


def bar(part: int, *, most: int, width: int, in_unicode: bool = True) -> str:
    """Draw at most `width` cells; any number but zero is visible."""
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
    dot = NOT_YET if in_unicode else " "
    return "".join(dot if value is None else steps[_step(value, most)] for value in values)


def pooled(values: Sequence[int | None], *, width: int) -> tuple[list[float | None], int]:
    """Pool days to fit into `width`; return each pool's mean, and the days in a pool.

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
