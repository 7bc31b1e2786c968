"""Exports hold threads and exports while they are sent: only a few at once, each released at its end."""

from collections.abc import Iterator

import pytest
from django.http import Http404

from botmeter.domain.errors import Unavailable
from botmeter.live.server_state import EXPORTS_MAX, ServerState
from botmeter.people.models import User
from botmeter.web.exports import LedgerExport
from support.server_state import request_with

from .conftest import MakeBrowser

EXPORT = "/a/acme/reports/bot-session-consumption/rows/export.csv?from=2026-03-01&to=2026-04-30"


def export(state: ServerState, account: str = "acme") -> LedgerExport:
    return LedgerExport(request_with(state), account)


@pytest.fixture
def running(state: ServerState) -> Iterator[list[LedgerExport]]:
    """The maximum number of exports."""
    exports = [export(state) for _ in range(EXPORTS_MAX)]
    yield exports
    for each in exports:
        each.close()


def test_one_export_more_than_the_maximum_is_refused(state: ServerState, running: list[LedgerExport]) -> None:
    with pytest.raises(Unavailable, match="4 exports are being sent") as refused:
        export(state)
    assert refused.value.code == "exports_busy"


def test_closing_an_export_twice_releases_one_slot(state: ServerState, running: list[LedgerExport]) -> None:
    running[0].close()
    running[0].close()
    export(state).close()
    running.append(export(state))
    with pytest.raises(Unavailable):
        export(state)


@pytest.mark.django_db
def test_a_refused_export_is_answered_503_with_retry_after(
    running: list[LedgerExport], browser: MakeBrowser, owner: User
) -> None:
    answer = browser(owner).get(EXPORT)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0


@pytest.mark.django_db
def test_exports_one_after_another_never_reach_the_maximum(
    browser: MakeBrowser, owner: User, state: ServerState
) -> None:
    for _ in range(EXPORTS_MAX + 2):
        assert b"".join(browser(owner).get(EXPORT).streaming_content).count(b"\n") > 1


def test_an_export_of_an_unknown_account_occupies_no_slot(state: ServerState) -> None:
    for _ in range(EXPORTS_MAX + 1):
        with pytest.raises(Http404):
            export(state, "nobody")
