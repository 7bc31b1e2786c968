"""Tables of a ledger after several imports, compared with digests that were written when events were read back."""

import json
from collections.abc import Callable

import pytest
from tests.support.import_cases import SCHEDULES, digests, imported

from botmeter.ledger import chunk_metering

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_table_is_as_if_all_events_were_read_back(
    name: str, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunk_metering, "CHUNK_EVENTS", 600)
    found = {seed: digests(imported(SCHEDULES[name], seed=seed)) for seed in range(2)}
    golden(f"imported-{name.replace(' ', '-').replace(',', '')}.json", json.dumps(found, indent=1) + "\n")
