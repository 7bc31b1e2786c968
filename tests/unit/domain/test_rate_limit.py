"""A key may send so many requests in each minute, whatever other keys send."""

from botmeter.domain.rate_limit import RateLimiter


def test_a_key_over_its_limit_is_refused_until_the_next_minute() -> None:
    limiter = RateLimiter()
    assert [limiter.allows("a", limit=2, now_seconds=60 + second) for second in (0, 30, 59.9, 60)] == [
        True,
        True,
        False,
        True,
    ]


def test_each_key_is_counted_separately() -> None:
    limiter = RateLimiter()
    assert limiter.allows("a", limit=1, now_seconds=0)
    assert limiter.allows("b", limit=1, now_seconds=0)
    assert not limiter.allows("a", limit=1, now_seconds=0)


def test_counts_of_past_minutes_take_no_memory() -> None:
    limiter = RateLimiter()
    for number in range(1_000):
        limiter.allows(number, limit=1, now_seconds=0)
    limiter.allows("a", limit=1, now_seconds=60)
    assert len(limiter._counts) == 1
