"""`source pull`, with and without a server."""

from collections.abc import Iterator

import pytest
from tests.support.stand_in_api import StandInApi
from tests.support.stand_in_chatwoot import TOKEN, Account, Conversation, Message

from botmeter.domain.instant import us_from_text
from botmeter.people.models import AuditEntry
from botmeter.people.source_pulls import PullSettings, set_pull
from cli.conftest import Run

BOTH_WAYS = True
pytestmark = pytest.mark.django_db(transaction=True)
CREATE = "source create desk --account acme --platform chatwoot --bot orders"
PULL = "source pull desk --account acme"


@pytest.fixture
def api() -> Iterator[StandInApi]:
    began_us = us_from_text("2026-04-05T10:00:00.250Z")
    messages = [Message(number=number, at_us=began_us + number * 1_000_000) for number in range(1, 4)]
    account = Account(conversations=[Conversation(number=1, contact=7, began_us=began_us, messages=messages)])
    with StandInApi(answer=account.answer).serving() as served:
        yield served


@pytest.fixture
def ready(acme: Run, api: StandInApi) -> Run:
    """`run`, with a source that can be pulled."""
    assert acme(CREATE).code == 0
    set_pull(
        PullSettings(account="acme", source="desk", platform="chatwoot", url=api.url, own_account="2", token=TOKEN)
    )
    return acme


@pytest.mark.slow
def test_missing_events_are_pulled_once_and_reported(ready: Run) -> None:
    first = ready(f"{PULL} --since 2026-04-01 --format json")
    assert first.code == 0, first.err
    result = first.json
    assert {name: result[name] for name in ("conversations", "seen", "known", "accepted", "refused", "detail")} == {
        "conversations": 1, "seen": 4, "known": 0, "accepted": 4, "refused": 0, "detail": None,
    }  # fmt: skip
    assert result["since"] == "2026-04-01T00:00:00Z"
    assert "4 missing events were added" in first.err
    again = ready(f"{PULL} --since 2026-04-01 --format csv").rows[0]
    assert (again["known"], again["accepted"]) == ("4", "0")
    report = ready("report -a acme --from 2026-04-05 --to 2026-04-05 --format json").json
    assert report["sessions_consumed"] == 1
    assert AuditEntry.objects.filter(action="source_pulled").first().detail == {  # type: ignore[union-attr]
        "source": "desk", "accepted": 0, "known": 4,
    }  # fmt: skip


def test_without_a_day_a_pull_starts_at_the_source_s_creation(ready: Run) -> None:
    ran = ready(PULL)
    assert ran.code == 0, ran.err
    assert "accepted" in ran.out
    assert "0 missing events were added" in ran.err


def test_an_interrupted_pull_fails_with_its_reason(ready: Run, api: StandInApi) -> None:
    api.faults.append((403, {}))
    ran = ready(f"{PULL} --format json")
    assert (ran.code, ran.json["code"]) == (1, "pull_token_wrong")
    assert "the pull was interrupted: 127.0.0.1 answers 403" in ran.err
    assert TOKEN not in ran.out + ran.err


def test_a_source_that_can_not_be_pulled_is_refused(acme: Run) -> None:
    assert acme(PULL).code == 1
    acme(CREATE)
    assert "Pulls are not set up" in acme(PULL).err
    assert acme(f"{PULL} --since yesterday").code in {1, 2}
