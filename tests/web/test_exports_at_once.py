"""Exports keep threads and readers while they are sent: only so many at once, and each lets go at its end."""

from collections.abc import Iterator

import pytest

from botmeter.domain.errors import Unavailable
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.ledgers import STREAMS_MAX, LastingReader, lasting
from botmeter.people.models import User

from .conftest import MakeBrowser

EXPORT = "/a/acme/reports/bot-session-consumption/rows/export.csv?from=2026-03-01&to=2026-04-30"


@pytest.fixture
def as_many_as_may_be(ledgers: OpenLedgers) -> Iterator[list[LastingReader]]:
    held = [lasting("acme") for _ in range(STREAMS_MAX)]
    yield held
    for reader in held:
        reader.close()


def test_one_more_than_may_be_sent_is_told_to_come_again(as_many_as_may_be: list[LastingReader]) -> None:
    with pytest.raises(Unavailable, match="4 exports are being sent") as refused:
        lasting("acme")
    assert refused.value.code == "exports_busy"


def test_whoever_lets_go_makes_room_once_however_often_it_is_closed(as_many_as_may_be: list[LastingReader]) -> None:
    as_many_as_may_be[0].close()
    as_many_as_may_be[0].close()
    lasting("acme").close()
    as_many_as_may_be.append(lasting("acme"))
    with pytest.raises(Unavailable):
        lasting("acme")


@pytest.mark.django_db
def test_an_export_too_many_is_answered_503_with_when_to_come_again(
    as_many_as_may_be: list[LastingReader], browser: MakeBrowser, owner: User
) -> None:
    answer = browser(owner).get(EXPORT)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0


@pytest.mark.django_db
def test_exports_one_after_the_other_never_use_up_the_room(
    browser: MakeBrowser, owner: User, ledgers: OpenLedgers
) -> None:
    for _ in range(STREAMS_MAX + 2):
        assert b"".join(browser(owner).get(EXPORT).streaming_content).count(b"\n") > 1


def test_an_account_that_is_not_there_takes_no_room(ledgers: OpenLedgers) -> None:
    from django.http import Http404

    for _ in range(STREAMS_MAX + 1):
        with pytest.raises(Http404):
            lasting("nobody")
