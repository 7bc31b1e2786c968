"""Program that puts and sends notifications of a data folder; tests kill it, and run it twice at once."""

import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from botmeter.people.database import open_people

STEPS: Final = ("claim", "note_rendered", "note_answer")
"""Functions of the outbox that store a state."""
_POLL_SECONDS: Final = 0.05


def run(folder: Path, command: str, *arguments: str) -> None:
    """Run `put COUNT`, `send SECONDS_LATER`, `stop 'before|after STEP'` or `race`; say when it is done or stands."""
    open_people(folder, django_settings="botmeter.web.settings")
    {"put": _put, "send": _send, "stop": _stop, "race": _race}[command](folder, *arguments)
    sys.stdout.write("done\n")
    sys.stdout.flush()


def _put(_folder: Path, count: str) -> None:
    from botmeter.people.notifications.outbox import Message, Recipient, put
    from botmeter.people.notifications.topics import Channel, Topic

    for number in range(int(count)):
        message = Message(key=f"k{number}", topic=Topic.TEST, account="acme", cause="A test.")
        put(message, [Recipient(channel=Channel.EMAIL, address=f"n{number}@example.org")])


def _send(folder: Path, seconds_later: str) -> None:
    # Twice: what a first one could not record would be sent again.
    for times in (1, 2):
        _sender(folder, later=timedelta(seconds=times * int(seconds_later))).send_due()


def _stop(folder: Path, point: str) -> None:
    from botmeter.people.notifications import outbox

    when, step = point.split()
    called = getattr(outbox, step)

    def stand(*given: Any, **options: Any) -> Any:
        if when == "after":
            called(*given, **options)
        sys.stdout.write("stands\n")
        sys.stdout.flush()
        threading.Event().wait()

    _put(folder, "1")
    setattr(outbox, step, stand)
    _sender(folder).send_due()


def _race(folder: Path) -> None:
    from botmeter.domain.instant import present
    from botmeter.ledger.folder_files import folder_id
    from botmeter.people.notifications.outbox import waiting_notifications

    sender, pause = _sender(folder), threading.Event()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sender.begin()
    while waiting_notifications(folder_id(folder), now=present()).count:
        pause.wait(_POLL_SECONDS)
    sender.close()


def _sender(folder: Path, *, later: timedelta = timedelta()) -> Any:
    from botmeter.domain.instant import present
    from botmeter.ledger.folder import Folder
    from botmeter.ledger.open_ledgers import OpenLedgers
    from botmeter.live.notifications.mail_transport import send_mail
    from botmeter.live.notifications.sender import NotificationSender
    from botmeter.people.notifications.topics import Channel
    from botmeter.web.notifications.rendering import render

    clock: Callable[[], Any] = lambda: present() + later  # noqa: E731 - short
    ledgers = OpenLedgers(Folder(folder))
    return NotificationSender(ledgers, render=render, transports={Channel.EMAIL: send_mail}, clock=clock)


if __name__ == "__main__":
    run(Path(sys.argv[1]), *sys.argv[2:])
