"""Dates at the ends of the calendar are answered, or refused with a sentence, by every command that takes one."""

import pytest

from cli.conftest import Run

pytestmark = pytest.mark.slow
EXTREMES = ("0001-01-01", "9999-12-31")


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_reports_answer(acme: Run, zone: str) -> None:
    for day in EXTREMES:
        for command in (
            f"report -a acme --to {day} --timezone {zone}",
            f"report -a acme --from {day} --to {day} --timezone {zone} --format json",
            f"sessions -a acme --from {day} --to {day} --timezone {zone} --format csv",
            f"simulate -a acme --policy dialogflow.session --from {day} --to {day}",
        ):
            ran = acme(command)
            assert ran.code == 0, (command, ran.err)
    assert acme("report -a acme --from 0001-01-01 --to 9999-12-31").code in {0, 2}


def test_accounts_and_policies_answer(acme: Run) -> None:
    for number, day in enumerate(EXTREMES):
        for command in (
            f"account create other{number} --available-from {day}",
            f"report -a other{number} --timezone America/New_York",
            f"report -a other{number} --timezone Pacific/Kiritimati",
            f"policy set freshchat.session -a other{number} --from {day} --yes",
            f"account set acme --available-from {day}",
        ):
            ran = acme(command)
            assert ran.code in {0, 1, 2}, (command, ran.err)
            assert "Traceback" not in ran.err
            assert "reference" not in ran.err.lower(), (command, ran.err)
