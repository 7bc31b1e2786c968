"""Program for tests of races: eight threads cross one line of an alert at the same moment.

Run as `python crossing_process.py FOLDER`; prints how many of them put the notification. A file `go` in the folder
starts them.
"""

import os
import sys
import threading
from decimal import Decimal
from pathlib import Path

THREADS = 8
FORM = "the form"


def main() -> None:
    folder = Path(sys.argv[1])
    from botmeter.people.database import open_people

    open_people(folder, django_settings="botmeter.web.settings")
    from django.db import connections

    from botmeter.billing.alerts.alert import Alert, AlertKind
    from botmeter.billing.alerts.crossings import Reading, new_crossings
    from botmeter.people.notifications.alert_rules import AlertDraft, Crossed, add_rule, record_crossed

    alert = Alert(kind=AlertKind.USAGE, levels=(Decimal(50), Decimal(80)))
    draft = AlertDraft(name="One", alert=alert, recipients=({"email": "ada@example.org"},))
    rule, _ = add_rule("acme", draft, form_token=FORM, by=None)
    reading = Reading(epoch="2026-10-01T00:00:00Z", value=Decimal(90))
    crossed = Crossed(
        rule=rule,
        reading=reading,
        crossings=new_crossings(alert, reading, known=()),
        facts={"value": "90"},
        cause="One.",
    )
    barrier, put = threading.Barrier(THREADS), list[bool]()

    def cross() -> None:
        try:
            barrier.wait()
            put.append(record_crossed(crossed))
        finally:
            connections.close_all()

    (folder / f"ready-{os.getpid()}").touch()
    pause = threading.Event()
    while not (folder / "go").exists():
        pause.wait(0.01)
    threads = [threading.Thread(target=cross) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(put) == THREADS
    sys.stdout.write(f"{sum(put)}\n")


if __name__ == "__main__":
    main()
