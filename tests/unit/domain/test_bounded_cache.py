"""A cache holds no more than it may, for no longer than it may, and nothing made before it was cleared."""

import pytest

from botmeter.domain.bounded_cache import BoundedCache


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_made_once_and_then_cached() -> None:
    cache: BoundedCache[str, list[str]] = BoundedCache(2)
    made = cache.find_or_make("a", list)
    assert cache.find_or_make("a", list) is made
    assert cache.get("a") is made
    assert cache.get("b") is None


def test_none_is_a_value_like_any_other() -> None:
    cache: BoundedCache[str, None] = BoundedCache(2)
    calls: list[str] = []
    for _ in range(3):
        cache.find_or_make("unknown", lambda: calls.append("made"))
    assert calls == ["made"]


def test_the_least_recently_used_entry_is_dropped_first() -> None:
    cache: BoundedCache[str, str] = BoundedCache(2)
    for key in ("a", "b"):
        cache.find_or_make(key, lambda key=key: key)  # type: ignore[misc]
    assert cache.get("a") == "a"
    cache.find_or_make("c", lambda: "c")
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == ("a", None, "c")
    assert len(cache) == 2


def test_an_entry_expires() -> None:
    clock = Clock()
    cache: BoundedCache[str, float] = BoundedCache(2, lasts_seconds=5, elapsed=clock)
    value = []
    for clock.now in (0.0, 4.9, 5.0):
        value.append(cache.find_or_make("a", clock))
    assert value == [0.0, 0.0, 5.0]


def test_a_value_made_while_the_cache_is_cleared_is_not_cached() -> None:
    cache: BoundedCache[str, str] = BoundedCache(2)

    def outdated() -> str:
        cache.clear()
        return "outdated"

    assert cache.find_or_make("a", outdated) == "outdated"
    assert cache.get("a") is None


def test_a_failed_value_is_not_cached() -> None:
    cache: BoundedCache[str, float] = BoundedCache(2)
    with pytest.raises(ZeroDivisionError):
        cache.find_or_make("a", lambda: 1 / 0)
    assert len(cache) == 0
