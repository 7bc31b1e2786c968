"""The cost centre of a session: its opening bot's, else its opening channel's, on its day."""

import re
from datetime import date

import pytest

from botmeter.domain.cost_centre import CostCentres, CostCentreTerm
from botmeter.domain.errors import Refused


def bot(bot_id: str, on: str, *, label: str, recorded_at: int = 0) -> CostCentreTerm:
    return CostCentreTerm(from_on=date.fromisoformat(on), bot_id=bot_id, cost_centre=label, recorded_at=recorded_at)


def channel(name: str, on: str, *, label: str) -> CostCentreTerm:
    return CostCentreTerm(from_on=date.fromisoformat(on), channel=name, cost_centre=label)


CENTRES = CostCentres(
    [
        bot("orders", "2026-03-01", label="Sales"),
        bot("orders", "2026-05-01", label=""),
        bot("orders", "2026-06-01", label="Retail", recorded_at=1),
        bot("orders", "2026-06-01", label="Returns", recorded_at=2),
        # Recorded last, in force before the others.
        bot("orders", "2026-01-01", label="Trial", recorded_at=9),
        channel("web", "2026-02-01", label="Marketing"),
    ]
)


@pytest.mark.parametrize(
    ("bot_id", "channel_name", "on", "expected"),
    [
        ("orders", "web", "2025-12-31", ""),
        ("orders", "web", "2026-01-01", "Trial"),
        ("orders", "web", "2026-02-28", "Trial"),
        ("orders", "email", "2026-03-01", "Sales"),
        ("orders", "email", "2026-05-01", ""),
        ("orders", "web", "2026-05-01", "Marketing"),
        ("orders", "web", "2026-06-01", "Returns"),
        ("advice", "web", "2026-01-31", ""),
        ("advice", "web", "2026-02-01", "Marketing"),
        (None, "web", "2026-02-01", "Marketing"),
        (None, "email", "2026-02-01", ""),
    ],
)
def test_a_bot_s_cost_centre_wins_over_its_channel_s_from_its_day_on(
    bot_id: str | None, channel_name: str, on: str, expected: str
) -> None:
    assert CENTRES.at(bot_id, channel_name, on=date.fromisoformat(on)) == expected


def test_cost_centres_name_their_days_and_each_label_once() -> None:
    assert CENTRES.names == ("Marketing", "Returns", "Sales", "Trial")
    assert [day.month for day in CENTRES.change_days] == [1, 2, 3, 5, 6]


@pytest.mark.parametrize(
    ("bot_id", "channel_name", "label", "message"),
    [
        ("orders", None, "x" * 101, "it has 101 characters, and the limit is 100"),
        ("orders", None, "Sales\nEurope", "it contains the character U+000A"),
        (None, None, "Sales", "name one"),
        ("orders", "web", "Sales", "name one"),
    ],
)
def test_a_cost_centre_that_can_t_be_is_refused(
    bot_id: str | None, channel_name: str | None, label: str, message: str
) -> None:
    with pytest.raises(Refused, match=re.escape(message)) as refusal:
        CostCentreTerm(from_on=date(2026, 1, 1), bot_id=bot_id, channel=channel_name, cost_centre=label)
    assert refusal.value.code == "cost_centre_invalid"
