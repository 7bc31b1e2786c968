"""Known and repeated keys, with and without the filter of large batches."""

import numpy as np
import pytest

from botmeter.ledger import known_keys
from botmeter.ledger.known_keys import KnownKeys


@pytest.mark.parametrize(("filtered_from", "large_run"), [(0, 4_000_000), (1_000, 4_000_000), (0, 120)])
def test_known_and_repeated_keys_are_those_of_a_set(
    filtered_from: int, large_run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_keys, "FILTERED_FROM", filtered_from)
    monkeypatch.setattr(known_keys, "_LARGE_RUN", large_run)
    random = np.random.default_rng(5)
    # Few first digits, so that keys that differ share their bits in the filter.
    all_keys = random.integers(0, 40, 600, np.uint64) << np.uint64(58) | random.integers(0, 30, 600, np.uint64)
    keys, known = KnownKeys(all_keys[:100]), set(all_keys[:100].tolist())
    for start in range(100, 600, 50):
        batch = all_keys[start : start + 50]
        suspects = keys.suspects(batch)
        assert suspects.known.tolist() == [key in known for key in batch.tolist()]
        assert suspects.repeated.tolist() == [batch.tolist().count(key) > 1 for key in batch.tolist()]
        keys.add(batch)
        known |= set(batch.tolist())


def test_no_keys_are_neither_known_nor_repeated() -> None:
    suspects = KnownKeys(np.empty(0, np.uint64)).suspects(np.empty(0, np.uint64))
    assert not len(suspects.known)
    assert not len(suspects.repeated)
