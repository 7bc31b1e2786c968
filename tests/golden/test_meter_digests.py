"""Whole tables of the meter on seeded events under seeded schedules, compared by digest."""

import pytest
from tests.support.meter_cases import CASES, ENCODINGS, case_events
from tests.support.meter_digests import THREAD_COUNTS, case_digest, golden_digests

from botmeter.metering import meter

COUNT = 20_000


@pytest.mark.slow
@pytest.mark.parametrize("thread_count", THREAD_COUNTS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_sessions_are_as_before_in_every_encoding_on_one_thread_and_on_two(
    encoding: str, thread_count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "WORTH_TWO_THREADS", meter.WORTH_TWO_THREADS)
    digests = golden_digests(COUNT)
    for case in range(CASES):
        events = ENCODINGS[encoding](case_events(case, COUNT))
        assert case_digest(case, events, thread_count=thread_count) == digests[case], f"case {case}"
