"""Limits on attempts, counted in the database."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, connections
from django.db.models import F

from botmeter.domain.errors import Unavailable
from botmeter.people.attempts import AttemptLimit, Attempts, count_attempt, duration_text, require_attempt
from botmeter.people.models import AttemptCount

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
GROWING = AttemptLimit(
    name="growing", free_count=3, period=24 * HOUR, waits=(timedelta(minutes=1), timedelta(minutes=2), HOUR)
)
FIXED = AttemptLimit(name="fixed", free_count=3, period=HOUR)


def pass_time(passed: timedelta) -> None:
    """Let this much time pass."""
    AttemptCount.objects.update(blocked_until=F("blocked_until") - passed, ends_at=F("ends_at") - passed)


def after_free_ones(attempts: Attempts) -> Attempts:
    assert [count_attempt(attempts) for _ in range(attempts.limit.free_count)] == [0] * attempts.limit.free_count
    return attempts


def test_waits_grow_and_the_last_one_repeats() -> None:
    olga = after_free_ones(GROWING.of("olga"))
    for wait_seconds in (60, 120, 3600, 3600):
        assert count_attempt(olga) == wait_seconds
        pass_time(timedelta(seconds=wait_seconds - 1))
        assert count_attempt(olga) == 1
        pass_time(timedelta(seconds=1))
        assert count_attempt(olga) == 0


def test_attempts_during_a_wait_neither_count_nor_write(django_assert_num_queries: Callable[[int], object]) -> None:
    olga = after_free_ones(GROWING.of("olga"))
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        assert count_attempt(olga) == 60
    assert AttemptCount.objects.get().attempts == 3


def test_a_count_with_growing_waits_is_forgotten_a_period_after_the_last_wait() -> None:
    olga = after_free_ones(GROWING.of("olga"))
    pass_time(GROWING.period)
    count_attempt(olga)
    assert count_attempt(olga) == 120
    pass_time(GROWING.period + timedelta(minutes=2))
    after_free_ones(olga)


def test_a_count_without_waits_is_full_until_its_period_ends() -> None:
    client = FIXED.of("203.0.113.9")
    count_attempt(client)
    pass_time(HOUR / 2)
    count_attempt(client)
    count_attempt(client)
    assert count_attempt(client) == 1800
    pass_time(HOUR / 2)
    after_free_ones(client)
    assert count_attempt(client) == 3600


def test_limits_and_subjects_have_counts_of_their_own() -> None:
    for limit in (GROWING, FIXED):
        for subject in ("olga", "vera"):
            after_free_ones(limit.of(subject))


def test_an_attempt_that_one_limit_refuses_counts_under_none() -> None:
    after_free_ones(GROWING.of("olga"))
    assert count_attempt(FIXED.of("203.0.113.9"), GROWING.of("olga")) == 60
    after_free_ones(FIXED.of("203.0.113.9"))


def test_an_attempt_that_is_given_back_leaves_room_for_another() -> None:
    olga = after_free_ones(GROWING.of("olga"))
    olga.give_back()
    assert count_attempt(olga) == 0
    assert count_attempt(olga) == 60


def test_a_forgotten_count_starts_anew() -> None:
    olga = after_free_ones(GROWING.of("olga"))
    olga.forget()
    after_free_ones(olga)


def test_a_refusal_says_when_to_try_again() -> None:
    after_free_ones(GROWING.of("olga"))
    with pytest.raises(Unavailable, match=r"Too many\. Try again in 60 seconds\.") as caught:
        require_attempt(GROWING.of("olga"), sentence="Too many.")
    assert (caught.value.code, caught.value.retry_after_seconds) == ("attempts_exceeded", 60)


def test_subjects_are_stored_as_digests_and_deleted_later() -> None:
    for number in range(5):
        count_attempt(FIXED.of(f"olga{number}@example.org"))
    assert not any("olga" in key for key in AttemptCount.objects.values_list("key", flat=True))
    pass_time(HOUR + timedelta(days=1))
    count_attempt(FIXED.of("vera@example.org"))
    assert AttemptCount.objects.count() == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (99, "99 seconds"),
        (100, "2 minutes"),
        (900, "15 minutes"),
        (5_999, "100 minutes"),
        (7_000, "2 hours"),
    ],
)
def test_a_wait_is_given_in_one_unit_rounded_up(seconds: int, words: str) -> None:
    assert duration_text(seconds) == words


@pytest.fixture
def threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[int]]]:
    """Run a function in 60 threads at once, on a database as a server has; SQLite's of the tests is in memory."""
    is_in_memory = connection.vendor == "sqlite"
    if is_in_memory:
        monkeypatch.setitem(connections.settings["default"], "NAME", str(tmp_path / "people.sqlite3"))

    def set_up() -> int:
        with connection.schema_editor() as editor:
            editor.create_model(AttemptCount)
        return 0

    def clear() -> int:
        return AttemptCount.objects.all().delete()[0]

    def closed(run: Callable[[], int]) -> int:
        try:
            return run()
        finally:
            connection.close()

    with ThreadPoolExecutor(60) as pool:
        if is_in_memory:
            pool.submit(closed, set_up).result()

        def at_once(run: Callable[[], int], *, count: int = 60) -> list[int]:
            return [each.result() for each in [pool.submit(closed, run) for _ in range(count)]]

        yield at_once
        pool.submit(closed, clear).result()


@pytest.mark.parametrize("limit", [GROWING, FIXED])
def test_of_sixty_parallel_attempts_exactly_the_limit_is_allowed(
    limit: AttemptLimit, threads: Callable[..., list[int]]
) -> None:
    outcomes = threads(lambda: count_attempt(limit.of("olga"), FIXED.of("203.0.113.9")))
    assert Counter(outcomes) == {0: 3, 3600: 57}


def test_the_tables_of_the_former_limits_are_dropped() -> None:
    drop_axes = import_module("botmeter.people.migrations.0005_attempt_counts").drop_axes
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE axes_accessattempt (id integer PRIMARY KEY)")
        cursor.execute(
            "CREATE TABLE axes_accessattemptexpiration (attempt integer REFERENCES axes_accessattempt DEFERRABLE "
            "INITIALLY DEFERRED)"
        )
    for _ in range(2):
        drop_axes(apps, connection.schema_editor())
        assert not [name for name in connection.introspection.table_names() if name.startswith("axes")]
