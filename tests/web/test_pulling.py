"""Scheduled and requested pulls: due sources, recorded results, and errors that do not end the thread."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.support.pulls import delivered, without_waiting
from tests.support.stand_in_api import ApiRequest, StandInApi
from tests.support.stand_in_chatwoot import TOKEN, Account, Conversation, Message

from botmeter.domain.errors import Conflict, Missing, Unavailable
from botmeter.domain.instant import now_us, present
from botmeter.domain.source import Source
from botmeter.ledger.interruption import Interruption
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.live.pulls import run as running
from botmeter.live.pulls.run import RunningPulls, pull_source
from botmeter.live.pulls.schedule import TURN_SECONDS, PullSchedule, due_us, pause_in_process, pause_until
from botmeter.live.server_state import ServerState
from botmeter.people.accounts import create_account
from botmeter.people.models import AuditEntry, EventSource, User
from botmeter.people.source_actions import Author, create_source
from botmeter.people.source_pulls import PullSettings, record_pull, set_pull
from botmeter.sources.payloads.pull_window import PullResult, Remaining
from botmeter.sources.platform_api.api_client import Clocks

# The schedule's thread sees what is committed.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
DESK = "/a/acme/admin/sources/desk"
SOURCE = Source(name="desk", platform="chatwoot", bot_id="orders")
HOUR_US = 3_600_000_000
DESK_KEY = ("acme", "desk")
RUNNING = RunningPulls()


def last_result() -> PullResult | None:
    return PullResult.from_mapping(EventSource.objects.get().pull_result)


@pytest.fixture
def account() -> Account:
    began_us = now_us() // 1_000_000 * 1_000_000 - HOUR_US // 2
    conversation = Conversation(
        number=1, contact=7, began_us=began_us, messages=[Message(number=9, at_us=began_us + 1_000)]
    )
    return Account(conversations=[conversation])


@pytest.fixture
def api(account: Account) -> Iterator[StandInApi]:
    with StandInApi(answer=account.answer).serving() as served:
        yield served


@pytest.fixture
def source(ledgers: OpenLedgers, owner: User, api: StandInApi) -> Source:
    """A source that was created an hour ago and has pull settings."""
    with ledgers.writing("acme") as ledger:
        create_source(ledger, SOURCE, author=Author())
    EventSource.objects.update(created_at=present() - timedelta(hours=1))
    ask_at(api.url)
    return SOURCE


def ask_at(url: str, *, every: int | None = None, token: str = TOKEN, account: str = "acme") -> None:
    set_pull(
        PullSettings(
            account=account, source="desk", platform=SOURCE.platform, url=url, own_account="2", token=token,
            every_minutes=every,
        )
    )  # fmt: skip


def means(ledgers: OpenLedgers) -> dict[str, Any]:
    return {"folder": SharedFolder(ledgers), "clocks": Clocks(pause=without_waiting), "running": RUNNING}


@contextmanager
def scheduled(ledgers: OpenLedgers, **more: Any) -> Iterator[PullSchedule]:
    """A schedule that looks for due sources when it begins, and at each request."""
    made = PullSchedule(ledgers, check_seconds=3_600, **more)
    made.begin()
    try:
        yield made
    finally:
        made.close()


@contextmanager
def noted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], PullResult]]:
    """Wait for the next recorded result."""
    changed = threading.Condition()
    results: list[PullResult] = []

    def note(account: str, source: str, *, result: dict[str, Any]) -> None:
        record_pull(account, source, result=result)
        with changed:
            results.append(PullResult.from_mapping(result) or pytest.fail("no result"))
            changed.notify_all()

    def next_one() -> PullResult:
        with changed:
            assert changed.wait_for(lambda: results, 60)
            return results.pop(0)

    monkeypatch.setattr(running, "record_pull", note)
    yield next_one


@pytest.mark.slow
def test_a_pull_is_recorded_and_the_next_one_continues_it(source: Source, ledgers: OpenLedgers) -> None:
    assert last_result() is None
    result = pull_source(*DESK_KEY, **means(ledgers))
    assert (result.accepted, result.code) == (2, "")
    assert last_result() == result
    assert RUNNING.since_us(*DESK_KEY) is None
    with ledgers.reading("acme") as ledger:
        (label,) = ledger.connection.execute("SELECT label FROM receipt ORDER BY append_no DESC LIMIT 1").fetchone()
    assert label.startswith("pull 20")
    again = pull_source(*DESK_KEY, **means(ledgers))
    assert (again.since_us, again.accepted) == (result.until_us // 10**6 * 10**6 - HOUR_US, 0)


def test_a_late_webhook_is_a_duplicate(source: Source, ledgers: OpenLedgers, account: Account) -> None:
    pull_source(*DESK_KEY, **means(ledgers))
    with ledgers.writing("acme") as ledger:
        receipt = delivered(ledger, account.webhooks(), source=SOURCE)
    assert (receipt.duplicates, receipt.conflicts) == (2, 0)


def test_a_source_without_pull_settings_is_not_pulled(ledgers: OpenLedgers, owner: User) -> None:
    with pytest.raises(Missing) as refused:
        pull_source(*DESK_KEY, **means(ledgers))
    assert refused.value.code == "pull_not_set"


def test_a_source_is_pulled_once_at_a_time(
    source: Source, ledgers: OpenLedgers, api: StandInApi, account: Account
) -> None:
    clashes = []

    def answer(path: str, request: ApiRequest) -> Any:
        if not clashes:
            try:
                pull_source(*DESK_KEY, **means(ledgers))
            except Conflict as clash:
                clashes.append(clash.code)
        return account.answer(path, request)

    api.answer = answer
    assert pull_source(*DESK_KEY, **means(ledgers)).code == ""
    assert clashes == ["pull_running"]


def test_an_error_in_the_settings_is_in_the_result(source: Source, ledgers: OpenLedgers) -> None:
    EventSource.objects.update(pull_token="sealed by another")  # noqa: S106 - of nothing
    with pytest.raises(Unavailable):
        pull_source(*DESK_KEY, **means(ledgers))
    result = last_result()
    assert result is not None
    assert (result.code, result.is_whole) == ("seal_broken", False)


def test_a_due_source_is_pulled_by_the_schedule(
    source: Source, ledgers: OpenLedgers, api: StandInApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_at(api.url, every=15)
    with noted(monkeypatch) as next_one, scheduled(ledgers):
        assert next_one().accepted == 2
    assert AuditEntry.objects.filter(action="source_pulled").count() == 0


def test_no_error_ends_the_thread(
    source: Source,
    ledgers: OpenLedgers,
    api: StandInApi,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
    settings: Any,
) -> None:
    settings.DATA = tmp_path
    api.faults.append((401, {}))
    with noted(monkeypatch) as next_one, scheduled(ledgers) as made:
        made.request(*DESK_KEY)
        assert next_one().code == "pull_token_wrong"
        made.request("acme", "nothing")
        with monkeypatch.context() as patch:
            patch.setattr(running, "pull", lambda *_, **__: 1 / 0)
            made.request(*DESK_KEY)
            assert (bug := next_one()).code == "internal"
            assert "reference" in bug.fault
        made.request(*DESK_KEY)
        assert next_one().accepted == 2


def test_a_stopping_server_waits_for_no_platform(
    source: Source, ledgers: OpenLedgers, api: StandInApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = threading.Event()

    def answer(path: str, request: ApiRequest) -> Any:
        changed.set()
        return 503, {}

    api.answer = answer
    with noted(monkeypatch) as next_one, scheduled(ledgers) as made:
        made.request(*DESK_KEY)
        assert changed.wait(60)
        made.close()
        assert next_one().code in {"server_stopping", "pull_failed"}


@pytest.fixture
def beta(source: Source, ledgers: OpenLedgers, owner: User) -> Iterator[StandInApi]:
    """The API of a source of another account."""
    create_account(ledgers, "beta", title="", owner=owner)
    with ledgers.writing("beta") as ledger:
        create_source(ledger, SOURCE, author=Author())
    with StandInApi(answer=Account(conversations=[]).answer).serving() as served:
        ask_at(served.url, account="beta")
        yield served


@pytest.mark.slow
def test_an_account_with_a_slow_platform_does_not_delay_others(
    ledgers: OpenLedgers, api: StandInApi, beta: StandInApi, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_asked, is_released = threading.Event(), threading.Event()

    def answer(path: str, request: ApiRequest) -> Any:
        is_asked.set()
        assert is_released.wait(60)
        return account.answer(path, request)

    api.answer = answer
    with noted(monkeypatch) as next_one, scheduled(ledgers) as made:
        made.request(*DESK_KEY)
        assert is_asked.wait(60)
        made.request("beta", "desk")
        assert (next_one().conversation_count, len(beta.requests) > 0) == (0, True)
        is_released.set()
        assert next_one().accepted == 2


@pytest.mark.slow
def test_a_long_pull_gives_way_to_another_account_and_then_continues(
    ledgers: OpenLedgers, api: StandInApi, beta: StandInApi, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [0.0]

    def answer(path: str, request: ApiRequest) -> Any:
        if not seconds[0]:
            made.request("beta", "desk")
            seconds[0] = TURN_SECONDS
        return account.answer(path, request)

    api.answer = answer
    with noted(monkeypatch) as next_one, scheduled(ledgers, threads_max=1, clock=lambda: seconds[0]) as made:
        made.request(*DESK_KEY)
        assert (first := next_one()).code == "pull_gave_way"
        assert (next_one().code, len(beta.requests) > 0) == ("", True)
        last = next_one()
    assert (last.code, first.accepted + last.accepted) == ("", 2)


def test_a_source_is_due_a_little_after_its_interval_and_at_once_before_its_first_pull() -> None:
    source = EventSource(account="acme", name="desk", pull_minutes=60)
    assert due_us(source) == 0
    source.pull_result = PullResult(
        began_us=5 * HOUR_US, ended_us=0, since_us=0, until_us=0, rest=Remaining(next_us=0)
    ).as_mapping()
    due = due_us(source)
    assert 6 * HOUR_US <= due <= 6 * HOUR_US + HOUR_US // 10
    source.name = "other"
    assert due_us(source) != due


def test_a_pause_ends_on_an_interruption() -> None:
    stop = Interruption()
    pause = pause_until(stop)
    pause(0.0)
    pause(0.001)
    pause_in_process(0.001)
    threading.Timer(0.01, lambda: stop.set(Unavailable("server_stopping", "The server was ended."))).start()
    with pytest.raises(Unavailable):
        pause(60.0)


def test_the_page_shows_the_last_result(
    source: Source, ledgers: OpenLedgers, api: StandInApi, browser: Callable[..., Client], owner: User
) -> None:
    olga = browser(owner)
    assert "Last pull" not in olga.get(DESK).content.decode()
    pull_source(*DESK_KEY, **means(ledgers))
    page = olga.get(DESK).content.decode()
    assert '<dt>Added</dt><dd class="num">2</dd>' in page
    api.faults.append((401, {}))
    pull_source(*DESK_KEY, **means(ledgers))
    page = olga.get(DESK).content.decode()
    assert "The last pull was interrupted." in page
    assert "answers 401" in page


def test_the_page_requests_a_pull(
    source: Source, state: ServerState, browser: Callable[..., Client], owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga = browser(owner)
    with noted(monkeypatch) as next_one:
        page = olga.post(DESK, {"what": "pull-now"}, follow=True).content.decode()
        assert "Pull of desk requested." in page
        assert "waiting for other sources" in page
        state.pulls.begin()
        assert next_one().accepted == 2
        state.pulls.close()
    entry = AuditEntry.objects.get(action="source_pulled")
    assert (entry.who, entry.detail) == ("olga@example.org", {"source": "desk"})


def test_the_page_refuses_a_pull_without_settings(
    ledgers: OpenLedgers, browser: Callable[..., Client], owner: User
) -> None:
    with ledgers.writing("acme") as ledger:
        create_source(ledger, SOURCE, author=Author())
    page = browser(owner).post(DESK, {"what": "pull-now"}, follow=True).content.decode()
    assert "Pulls are not set up" in page
