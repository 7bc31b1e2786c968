"""Wrong keys and links, limited by the client's network."""

import pytest

from botmeter.domain.errors import BotmeterError, Missing, NotAllowed, Unavailable
from botmeter.domain.instant import datetime_from_us
from botmeter.domain.rate_limit import WINDOW_SECONDS, RateLimiter
from botmeter.people import wrong_secrets
from botmeter.people.wrong_secrets import WRONG_MAX, WrongSecrets

HERE, THERE = "203.0.113.9", "2001:db8::/64"


class Clock:
    """The time of day in seconds."""

    seconds = 15

    def __call__(self) -> object:
        return datetime_from_us(self.seconds * 1_000_000)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the limit."""
    clock = Clock()
    monkeypatch.setattr(wrong_secrets, "present", clock)
    return clock


class Store:
    """Secrets that are looked up, and how often."""

    def __init__(self, *right: str, refusal: BotmeterError | None = None) -> None:
        self.right = set(right)
        self.refusal = refusal or NotAllowed("key_wrong", "Unknown API key.")
        self.lookups = 0
        self.wrong = WrongSecrets()

    def code(self, secret: str, *, network: str = HERE) -> str:
        """Code of the refusal; empty if the secret is right."""
        try:
            with self.wrong.lookup(secret, network=network):
                self.lookups += 1
                if secret not in self.right:
                    raise self.refusal
        except BotmeterError as error:
            return error.code
        return ""


def test_a_network_has_a_few_wrong_secrets_a_minute(clock: Clock) -> None:
    store = Store("right")
    codes = [store.code(f"wrong {number}") for number in range(WRONG_MAX + 20)]
    assert codes == ["key_wrong"] * WRONG_MAX + ["attempts_exceeded"] * 20
    assert store.lookups == WRONG_MAX
    assert store.code("another", network=THERE) == "key_wrong"
    assert store.code("right") == "attempts_exceeded"
    clock.seconds = 60
    assert store.code("right") == ""


def test_the_refusal_says_how_long_it_lasts() -> None:
    store = Store()
    for number in range(WRONG_MAX):
        store.code(f"wrong {number}")
    with pytest.raises(Unavailable, match=r"30 wrong keys or links .* in 45 seconds\.") as caught:
        store.wrong.check("another", network=HERE)
    assert (caught.value.code, caught.value.retry_after_seconds) == ("attempts_exceeded", 45)


def test_a_secret_that_was_right_lately_works_whatever_its_network_sends() -> None:
    store = Store("right")
    assert store.code("right") == ""
    for number in range(2 * WRONG_MAX):
        store.code(f"wrong {number}")
    assert store.code("right") == ""
    store.wrong.check("right", network=HERE)


def test_the_same_wrong_secret_is_looked_up_once_in_a_while_and_keeps_its_message() -> None:
    store = Store()
    assert {store.code("wrong") for _ in range(10 * WRONG_MAX)} == {"key_wrong"}
    assert store.lookups == 1
    with pytest.raises(NotAllowed, match=r"Unknown API key\."):
        store.wrong.check("wrong", network=THERE)


@pytest.mark.parametrize(
    "error", [NotAllowed("source_off", "Off."), Missing("page_unknown", "No page."), Unavailable("bug", "")]
)
def test_other_refusals_do_not_count(error: BotmeterError) -> None:
    store = Store(refusal=error)
    assert {store.code(f"known {number}") for number in range(2 * WRONG_MAX)} == {error.code}
    assert store.code("known 1") == error.code
    assert store.lookups == 2 * WRONG_MAX + 1


def test_networks_beyond_the_memory_share_a_count() -> None:
    limiter = RateLimiter(keys_max=2)
    assert [limiter.allows(key, limit=1, now_seconds=0) for key in ("a", "b", "c", "d")] == [True, True, True, False]
    assert [limiter.is_full(key, limit=1, now_seconds=0) for key in ("a", "e")] == [True, True]
    assert limiter.allows("c", limit=1, now_seconds=WINDOW_SECONDS)
    assert not limiter.is_full("d", limit=1, now_seconds=WINDOW_SECONDS)
