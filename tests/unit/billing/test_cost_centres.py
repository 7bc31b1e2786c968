"""Cost centres of many sessions at once are those of each session by itself."""

from datetime import date

import pyarrow as pa
from tests.support.made_statement import DAY_US, START_US, made_sessions

from botmeter.billing.cost_centres import cost_centres_of
from botmeter.domain.cost_centre import CostCentres, CostCentreTerm
from botmeter.domain.period import day_of_us


def test_every_session_has_the_cost_centre_of_its_bot_channel_and_day() -> None:
    sessions = made_sessions()
    terms = [
        CostCentreTerm(from_on=date(2026, 10, day), bot_id=bot_id, channel=channel, cost_centre=label)
        for day, bot_id, channel, label in (
            *((1, None, "web", "Online"), (3, "orders", None, "Sales"), (4, "orders", None, "")),
            *((5, None, "web", "Digital"), (2, "delivery", None, "Logistics"), (9, None, "email", "Mail")),
        )
    ]
    centres = CostCentres(terms)
    expected = [
        centres.at(row["bot_id"], row["channel"], on=day_of_us(row["started_at"])) or None
        for row in sessions.to_pylist()
    ]
    assert cost_centres_of(sessions, centres).to_pylist() == expected
    assert set(expected) == {"Online", "Sales", "Digital", "Logistics", None}
    encoded = sessions.set_column(3, "bot_id", sessions["bot_id"].dictionary_encode())
    assert cost_centres_of(encoded, centres).to_pylist() == expected


def test_a_cost_centre_begins_at_midnight_utc() -> None:
    noon = CostCentres([CostCentreTerm(from_on=date(2026, 10, 2), channel="web", cost_centre="Online")])
    starts = [START_US + DAY_US - 1, START_US + DAY_US]
    sessions = pa.table({"started_at": starts, "bot_id": pa.nulls(2, pa.string()), "channel": ["web", "web"]})
    assert cost_centres_of(sessions, noon).to_pylist() == [None, "Online"]
    assert cost_centres_of(sessions.slice(0, 0), noon).to_pylist() == []
    assert cost_centres_of(sessions, CostCentres(())).to_pylist() == [None, None]
