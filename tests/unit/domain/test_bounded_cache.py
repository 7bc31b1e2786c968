"""A cache holds no more than it may, for no longer than it may, and nothing made before it was cleared."""

import pytest

from botmeter.domain.bounded_cache import BoundedCache, memory_bytes

ROOMY = 10_000


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_made_once_and_then_cached() -> None:
    cache: BoundedCache[str, list[str]] = BoundedCache(ROOMY)
    made = cache.find_or_make("a", list)
    assert cache.find_or_make("a", list) is made
    assert cache.get("a") is made
    assert cache.get("b") is None


def test_none_is_a_value_like_any_other() -> None:
    cache: BoundedCache[str, None] = BoundedCache(ROOMY)
    calls: list[str] = []
    for _ in range(3):
        cache.find_or_make("unknown", lambda: calls.append("made"))
    assert calls == ["made"]


def test_the_least_recently_used_entry_is_dropped_first() -> None:
    cache: BoundedCache[str, str] = BoundedCache(2 * memory_bytes(("a", "a")))
    for key in ("a", "b"):
        cache.find_or_make(key, lambda key=key: key)  # type: ignore[misc]
    assert cache.get("a") == "a"
    cache.find_or_make("c", lambda: "c")
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == ("a", None, "c")
    assert len(cache) == 2


def test_an_entry_expires() -> None:
    clock = Clock()
    cache: BoundedCache[str, float] = BoundedCache(ROOMY, lasts_seconds=5, elapsed=clock)
    value = []
    for clock.now in (0.0, 4.9, 5.0):
        value.append(cache.find_or_make("a", clock))
    assert value == [0.0, 0.0, 5.0]


def test_a_value_made_while_the_cache_is_cleared_is_not_cached() -> None:
    cache: BoundedCache[str, str] = BoundedCache(ROOMY)

    def outdated() -> str:
        cache.clear()
        return "outdated"

    assert cache.find_or_make("a", outdated) == "outdated"
    assert cache.get("a") is None


def test_a_failed_value_is_not_cached() -> None:
    cache: BoundedCache[str, float] = BoundedCache(ROOMY)
    with pytest.raises(ZeroDivisionError):
        cache.find_or_make("a", lambda: 1 / 0)
    assert len(cache) == 0


def test_entries_take_no_more_memory_than_the_cache_may() -> None:
    cache: BoundedCache[str, str] = BoundedCache(ROOMY)
    for number in range(100):
        cache.find_or_make(f"{number}", lambda: "x" * 1_000)
        assert cache.size_bytes <= ROOMY
    assert 0 < len(cache) < 10
    assert cache.get("99") == "x" * 1_000


def test_an_entry_larger_than_the_cache_is_not_cached_and_drops_no_other() -> None:
    cache: BoundedCache[str, str] = BoundedCache(ROOMY)
    cache.find_or_make("small", lambda: "small")
    assert cache.find_or_make("large", lambda: "x" * 20_000) == "x" * 20_000
    assert cache.find_or_make("k" * 20_000, lambda: "small") == "small"
    assert (cache.get("large"), cache.get("small"), len(cache)) == (None, "small", 1)
    cache.clear()
    assert cache.size_bytes == 0


def test_memory_counts_what_a_value_refers_to_once() -> None:
    text = "x" * 5_000
    assert 5_000 < memory_bytes([text, {"again": text}]) < 6_000
    assert memory_bytes((Clock, memory_bytes, pytest)) < 200


def test_a_value_of_another_version_is_replaced_and_takes_no_memory_any_more() -> None:
    cache: BoundedCache[str, str] = BoundedCache(ROOMY)
    for version in range(20):
        assert cache.find_or_make("a", lambda: f"{version:02}", version=version) == f"{version:02}"  # noqa: B023 - called at once
    assert cache.find_or_make("a", lambda: "not made", version=19) == "19"
    assert (len(cache), cache.size_bytes) == (1, memory_bytes(("a", "19")))
