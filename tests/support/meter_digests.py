"""`python -m tests.support.meter_digests COUNT [--write]`: compare or write the digests of the meter's whole tables.

COUNT is the number of events of each case: 20000 as in the slow lane, or 1000000, which takes minutes.
"""

import json
import sys
from pathlib import Path

import pyarrow as pa
from tests.support.meter_cases import CASES, ENCODINGS, TOUCHPOINTS, case_events, case_schedule, digest

from botmeter.metering import meter
from botmeter.metering.touchpoints import Touchpoints

GOLDEN = Path(__file__).parents[1] / "golden"
THREAD_COUNTS = (1, 2)
# From so many events on the meter uses two threads.
_WORTH_TWO_THREADS = {1: sys.maxsize, 2: 1}

Digest = dict[str, object]


def file_of(count: int) -> Path:
    return GOLDEN / f"meter-digests-{count}.json"


def golden_digests(count: int) -> list[Digest]:
    digests: list[Digest] = json.loads(file_of(count).read_text("utf-8"))
    return digests


def case_digest(case: int, events: pa.Table, *, thread_count: int) -> Digest:
    """Number of sessions of a case, and the digest of all tables."""
    meter.WORTH_TWO_THREADS = _WORTH_TWO_THREADS[thread_count]
    touchpoints = Touchpoints(TOUCHPOINTS)
    metered, members = meter.sessions_with_members(events, schedule=case_schedule(case), touchpoints=touchpoints)
    tables = digest(metered.sessions, metered.participations, members=members, closing=metered.closing_event)
    return {"sessions": len(metered.sessions), "digest": tables}


def main() -> None:
    """Print each case; exit with 1 if one differs."""
    count, is_writing = int(sys.argv[1]), "--write" in sys.argv
    kept = [] if is_writing else golden_digests(count)
    written: list[Digest] = []
    differing = 0
    for case in range(CASES):
        events = case_events(case, count)
        if is_writing:
            written.append(case_digest(case, events, thread_count=1))
            continue
        for name, encoded in ENCODINGS.items():
            for thread_count in THREAD_COUNTS:
                same = case_digest(case, encoded(events), thread_count=thread_count) == kept[case]
                differing += not same
                sys.stdout.write(f"case {case} {name} {thread_count}: {'same' if same else 'DIFFERS'}\n")
    if is_writing:
        file_of(count).write_text(json.dumps(written, indent=1) + "\n", "utf-8")
    sys.exit(differing > 0)


if __name__ == "__main__":
    main()
