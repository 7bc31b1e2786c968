"""CloudEvents of the specification beside the repository: foreign ones, each refused with what it lacks.

They stand in the folder that BOTMETER_SHARED names or in ../shared.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.support.payloads import read_all

from botmeter.domain.source import Source

SHARED = Path(os.environ.get("BOTMETER_SHARED", Path(__file__).parents[3] / "shared"))
SAMPLES = SHARED / "samples" / "cloudevents"
SOURCE = Source(name="ce", platform="cloudevents")

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the samples are not at {SAMPLES}"),
]

MISSING, BROKEN = "field_missing", "cloudevent_invalid"
CODES = {
    "correlation_01_structured": [MISSING],
    "correlation_02_structured": [MISSING],
    "json-format_01_structured": [BROKEN],
    "json-format_02_structured": [BROKEN],
    "json-format_03_structured": [MISSING],
    "json-format_04_structured": [BROKEN],
    "json-format_05_structured": [BROKEN],
    "json-format_06_structured": [MISSING],
    "json-format_07_batch": [BROKEN, MISSING],
    "json-format_08_batch": [],
    "spec_01_structured": [BROKEN],
}


def test_every_sample_is_named() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(CODES)


@pytest.mark.parametrize("name", sorted(CODES))
def test_an_event_that_is_none_of_ours_is_refused_with_what_it_lacks(name: str) -> None:
    sent = (SAMPLES / f"{name}.json").read_bytes()
    found = read_all(sent, source=SOURCE)
    assert (found.events, found.codes) == ([], CODES[name])
    for rejection in found.rejections:
        assert "CloudEvent" in rejection.detail or "customer_id is missing" in rejection.detail


@pytest.mark.parametrize("name", sorted(name for name in CODES if "08" not in name))
def test_the_same_envelopes_are_taken_once_they_bear_an_event(name: str) -> None:
    sent: Any = json.loads((SAMPLES / f"{name}.json").read_text())
    ours = {"conversation_id": "c", "customer_id": "u", "actor": "customer", "occurred_at": "2026-09-21T14:13:20Z"}
    envelopes = [each | {"data": ours, "data_base64": None} for each in (sent if isinstance(sent, list) else [sent])]
    found = read_all(envelopes, source=SOURCE)
    assert found.ids == [f"{each['source']} {each['id']}" for each in envelopes]
    assert {event["occurred_at"] for event in found.events} == {"2026-09-21T14:13:20Z"}
