"""The demo in tests: its events, and its sessions under the default policy."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from botmeter.demo import DEMO_SEED, demo_batches
from botmeter.domain.instant import us_from_text
from botmeter.metering.meter import Metered, sessions_from_events
from botmeter.metering.policy import FRESHCHAT, schedule_of
from botmeter.metering.schema import METER_SCHEMA
from botmeter.metering.touchpoints import Touchpoint, Touchpoints

NOW_US = us_from_text("2026-11-22T11:00:00Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """The demo of 22 November 2026, as events and as sessions of the default policy."""

    events: pa.Table
    metered: Metered
    touchpoints: list[Touchpoint]

    @property
    def started_on(self) -> np.ndarray:
        """The UTC day on which each session starts, as `datetime64`."""
        return days_of(self.metered.sessions["started_at"])

    def distinct_per_session(self, of_touchpoint: str) -> np.ndarray:
        """Number of bots, or channels, of each session."""
        values = [getattr(touchpoint, of_touchpoint) for touchpoint in self.touchpoints]
        code_of = {value: code for code, value in enumerate(dict.fromkeys(values))}
        codes = np.array([code_of[value] for value in values])
        parts = self.metered.participations
        pairs = np.unique(
            np.stack([parts["session_row"].to_numpy(), codes[parts["touchpoint"].to_numpy()]], axis=1), axis=0
        )
        return np.bincount(pairs[:, 0], minlength=len(self.metered.sessions))


def days_of(instants: pa.ChunkedArray) -> np.ndarray:
    """The UTC day of each instant, as `datetime64`."""
    return instants.to_numpy().astype("datetime64[us]").astype("datetime64[D]")


def demo_events(now: str, *, events: int = 1_000_000, seed: int = DEMO_SEED) -> pa.Table:
    """The whole demo of an instant as one table."""
    batches = demo_batches(seed=seed, now_us=us_from_text(now), events=events)
    return pa.concat_tables([batch.events for batch in batches])


def metered_demo() -> Demo:
    """The demo of `NOW_US`, metered."""
    events = pa.concat_tables([batch.events for batch in demo_batches(seed=DEMO_SEED, now_us=NOW_US)])
    touchpoints = Touchpoints()
    source = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(events), np.int32)), pa.array(["demo"]))
    columns = {name: events[name] for name in METER_SCHEMA.names if name in events.column_names}
    table = pa.table({**columns, "source": source, "touchpoint": pa.array(touchpoints.numbers(events))}).select(
        METER_SCHEMA.names
    )
    metered = sessions_from_events(table.cast(METER_SCHEMA), schedule=schedule_of(FRESHCHAT), touchpoints=touchpoints)
    return Demo(events=events, metered=metered, touchpoints=touchpoints.all())
