"""Senders killed in each state of a notification, and two at once."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.senders import NOTIFICATIONS, Senders
from support.smtp_server import smtp_server

AFTER_THE_LEASE = "700"


@pytest.fixture
def senders(tmp_path: Path) -> Iterator[Senders]:
    (tmp_path / "data").mkdir()
    with smtp_server() as server, closing(Senders(tmp_path / "data", server)) as senders:
        yield senders


@pytest.mark.parametrize(
    ("when", "step", "times"),
    [
        ("before", "claim", 1),
        ("after", "claim", 1),
        ("before", "note_rendered", 1),
        ("after", "note_rendered", 1),
        # The mail server has it, and the database does not know: the only repeat, with the same id.
        ("before", "note_answer", 2),
        ("after", "note_answer", 1),
    ],
)
def test_a_killed_sender_loses_nothing_and_repeats_only_what_it_could_not_record(
    senders: Senders, when: str, step: str, times: int
) -> None:
    senders.kill_at(when, step=step)
    senders.run("send", AFTER_THE_LEASE)
    assert list(senders.ids().values()) == [times]


def test_two_senders_of_one_database_never_send_a_notification_twice(senders: Senders) -> None:
    senders.run("put", str(NOTIFICATIONS))
    senders.race(2)
    assert sorted(senders.ids().values()) == [1] * NOTIFICATIONS
