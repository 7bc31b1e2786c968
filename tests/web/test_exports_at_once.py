"""Exports hold threads while they are written and disk space while they are sent: only a few at once, none for ever."""

from collections.abc import Callable
from threading import Event, Thread

import pytest
from django.http import Http404

from botmeter.domain.errors import Unavailable
from botmeter.live.export_slots import SENDING_BY_ACCOUNT_MAX, SENDING_MAX, WAITING_MAX, WRITING_MAX, ExportSlots
from botmeter.live.server_state import ServerState
from botmeter.people.models import User
from botmeter.web.exchange import AFTER_SENDING_KEY
from botmeter.web.exports import LedgerExport
from support.server_state import request_with

from .conftest import MakeBrowser

EXPORT = "/a/acme/reports/bot-session-consumption/rows/export.csv?from=2026-03-01&to=2026-04-30"


def export(state: ServerState, account: str = "acme") -> LedgerExport:
    return LedgerExport(request_with(state), account)


def test_an_export_waits_for_its_turn_and_more_than_may_wait_are_refused() -> None:
    slots, written = ExportSlots(), Event()
    ends = [slots.begin_writing() for _ in range(WRITING_MAX)]

    def write() -> None:
        slots.begin_writing()()
        written.set()

    waiting = [Thread(target=write) for _ in range(WAITING_MAX)]
    for thread in waiting:
        thread.start()
    while slots.pending_count < WRITING_MAX + WAITING_MAX:
        pass
    with pytest.raises(Unavailable, match="is writing 2 exports, the maximum") as refused:
        slots.begin_writing()
    assert refused.value.code == "exports_busy"
    assert not written.is_set()
    for end in ends:
        end()
    for thread in waiting:
        thread.join(30)
    assert written.is_set()
    assert slots.pending_count == 0


def test_closing_an_export_twice_releases_one_slot(state: ServerState) -> None:
    exports = [export(state) for _ in range(WRITING_MAX)]
    exports[0].close()
    exports[0].close()
    exports.append(export(state))
    assert state.exports.pending_count == WRITING_MAX
    for each in exports:
        each.close()
    assert state.exports.pending_count == 0


@pytest.mark.django_db
def test_a_refused_export_is_answered_503_with_retry_after(
    state: ServerState, browser: MakeBrowser, owner: User
) -> None:
    for _ in range(SENDING_BY_ACCOUNT_MAX):
        state.exports.begin_sending("acme")
    answer = browser(owner).get(EXPORT)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0


@pytest.mark.django_db
def test_exports_one_after_another_never_reach_the_maximum(
    browser: MakeBrowser, owner: User, state: ServerState
) -> None:
    for _ in range(SENDING_BY_ACCOUNT_MAX + 2):
        assert b"".join(browser(owner).get(EXPORT).streaming_content).count(b"\n") > 1


def test_an_export_of_an_unknown_account_occupies_no_slot(state: ServerState) -> None:
    for _ in range(SENDING_BY_ACCOUNT_MAX + 1):
        with pytest.raises(Http404):
            export(state, "nobody")


def test_an_account_has_some_of_the_exports_that_are_sent_and_others_have_the_rest() -> None:
    slots = ExportSlots()
    ends = [slots.begin_sending("acme") for _ in range(SENDING_BY_ACCOUNT_MAX)]
    with pytest.raises(Unavailable, match="4 exports of acme are being sent, the maximum of an account") as refused:
        slots.begin_sending("acme")
    assert refused.value.code == "exports_busy"
    others = [slots.begin_sending(f"other-{number}") for number in range(SENDING_MAX - SENDING_BY_ACCOUNT_MAX)]
    with pytest.raises(Unavailable, match="is sending 24 exports, the maximum"):
        slots.begin_sending("one-more")
    for end in [*ends, *others]:
        end()
    assert [slots.begin_sending("acme") for _ in range(SENDING_BY_ACCOUNT_MAX)]


def test_an_export_that_is_written_still_counts_until_the_server_has_sent_it(state: ServerState) -> None:
    after_sending: list[Callable[[], None]] = []
    for _ in range(SENDING_BY_ACCOUNT_MAX):
        request = request_with(state)
        request.META[AFTER_SENDING_KEY] = after_sending
        LedgerExport(request, "acme").close()
    with pytest.raises(Unavailable):
        export(state)
    for end in after_sending:
        end()
    export(state).close()
