"""Password hashes are computed by a few threads, for which few requests wait."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.contrib.auth.hashers import check_password, make_password
from pytest_django import Settings

from botmeter.domain.errors import Unavailable
from botmeter.people import password_hashing
from botmeter.people.models import User
from botmeter.people.password_hashing import HashingPool, PooledArgon2, of_known_person
from web.conftest import PASSWORD, MakeBrowser


@contextmanager
def held(pool: HashingPool, *, count: int) -> Iterator[None]:
    """Hold `count` slots of strangers with work that ends after the `with`."""
    entered, end = threading.Semaphore(0), threading.Event()

    def work() -> None:
        entered.release()
        end.wait()

    with ThreadPoolExecutor(count) as requests:
        runs = [requests.submit(pool.run, work) for _ in range(count)]
        entered.acquire()
        try:
            yield
        finally:
            end.set()
            for run in runs:
                run.result()


def test_a_hash_beyond_the_queue_is_refused_at_once() -> None:
    pool = HashingPool(threads=1, strangers_max=1, known_max=1)
    with held(pool, count=1), pytest.raises(Unavailable, match="at most 2 passwords at a time") as caught:
        pool.run(str)
    assert caught.value.code == "passwords_busy"
    assert pool.run(lambda: "hash") == "hash"


def test_strangers_cannot_hold_the_slots_of_known_people() -> None:
    pool = HashingPool(threads=2, strangers_max=1, known_max=1)
    with held(pool, count=1), of_known_person():
        assert pool.run(lambda: "hash") == "hash"


def test_failed_work_gives_its_slot_back() -> None:
    pool = HashingPool(threads=1, strangers_max=1, known_max=0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            pool.run(lambda: 1 / 0)


@pytest.fixture
def busy(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server's hashing while all slots of strangers are held."""
    settings.PASSWORD_HASHERS = [f"{PooledArgon2.__module__}.{PooledArgon2.__qualname__}"]
    pool = HashingPool(threads=2, strangers_max=1, known_max=1)
    monkeypatch.setattr(password_hashing, "pool", pool)
    with held(pool, count=1):
        yield


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["olga@example.org", "nobody@example.org"])
def test_a_sign_in_while_all_slots_are_held_is_refused_with_a_page(
    owner: User, browser: MakeBrowser, busy: None, email: str
) -> None:
    User.objects.filter(pk=owner.pk).update(password="argon2$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHQ$aGFzaA")  # noqa: S106
    answer = browser().post("/sign-in", {"username": email, "password": PASSWORD})
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert "Try again in a few seconds." in answer.content.decode()


@pytest.mark.slow
@pytest.mark.django_db
def test_a_signed_in_person_can_change_the_password_meanwhile(owner: User, browser: MakeBrowser, busy: None) -> None:
    with of_known_person():
        owner.set_password(PASSWORD)
        owner.save()
    client = browser(owner)
    assert (
        client.post("/me/password", {"current_password": PASSWORD, "password": "quite another one"}).status_code == 302
    )


@pytest.mark.slow
def test_the_hash_is_argon2id_in_one_lane(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = [f"{PooledArgon2.__module__}.{PooledArgon2.__qualname__}"]
    encoded = make_password(PASSWORD)
    assert encoded.startswith("argon2$argon2id$v=19$m=65536,t=2,p=1$")
    assert check_password(PASSWORD, encoded)
    assert not check_password("another", encoded)


@pytest.mark.slow
def test_a_hash_of_an_earlier_version_is_checked_and_replaced(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    encoded = make_password(PASSWORD)
    settings.PASSWORD_HASHERS = [f"{PooledArgon2.__module__}.{PooledArgon2.__qualname__}"]
    replaced: list[str] = []
    assert check_password(PASSWORD, encoded, setter=replaced.append)
    assert replaced == [PASSWORD]
