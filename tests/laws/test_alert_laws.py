"""Alerts fire each level once, whatever the order of readings and however often they are evaluated."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from botmeter.billing.alerts.alert import Alert, AlertKind, level_text, levels_from_text
from botmeter.billing.alerts.crossings import Reading, new_crossings

PERCENT = st.integers(1, 300).map(Decimal) | st.decimals(1, 300, places=1)
LEVELS = st.sets(PERCENT, min_size=1, max_size=8).map(lambda levels: tuple(sorted(levels)))
READINGS = st.lists(st.tuples(st.sampled_from("ab"), PERCENT), max_size=30)


def usage(levels: tuple[Decimal, ...]) -> Alert:
    return Alert(kind=AlertKind.USAGE, levels=levels)


@given(LEVELS, READINGS)
def test_each_level_has_one_row_in_its_epoch_and_every_reached_one_has_one(
    levels: tuple[Decimal, ...], values: list[tuple[str, Decimal]]
) -> None:
    alert, rows, sent = usage(levels), dict[str, list[str]](), list[tuple[str, str]]()
    for epoch, value in values:
        known = rows.setdefault(epoch, [])
        crossings = new_crossings(alert, Reading(epoch=epoch, value=value), known=known)
        known.extend([*crossings.superseded, *([crossings.fired] if crossings.fired else [])])
        sent += [(epoch, crossings.fired)] if crossings.fired else []
        # A second evaluation of the same figures, as after a recount, adds nothing.
        assert not new_crossings(alert, Reading(epoch=epoch, value=value), known=known).fired
    assert len(set(sent)) == len(sent)
    for epoch, known in rows.items():
        most = max(value for each, value in values if each == epoch)
        assert len(set(known)) == len(known)
        assert set(known) == {level_text(level) for level in levels if level <= most}


@given(LEVELS, READINGS)
def test_what_is_sent_in_an_epoch_only_rises(levels: tuple[Decimal, ...], values: list[tuple[str, Decimal]]) -> None:
    alert, known, sent = usage(levels), list[str](), list[Decimal]()
    for _epoch, value in values:
        crossings = new_crossings(alert, Reading(epoch="a", value=value), known=known)
        if crossings.fired:
            # The highest that is reached, and never one below what was sent before.
            assert Decimal(crossings.fired) == max(level for level in levels if level <= value)
            assert not sent or Decimal(crossings.fired) > sent[-1]
            sent.append(Decimal(crossings.fired))
        known += [*crossings.superseded, *([crossings.fired] if crossings.fired else [])]


@given(LEVELS)
def test_levels_are_read_as_they_are_written(levels: tuple[Decimal, ...]) -> None:
    assert levels_from_text(", ".join(map(level_text, reversed(levels)))) == levels
