"""`reconcile`: a vendor's list or invoice against the account's sessions."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from botmeter.domain.session import session_id
from cli.command_line import CHARGED, FIRST_SESSION, INVOICE, VENDOR_FIELDS, Ran, bill
from cli.conftest import Run

LAST_SESSION = session_id("freshchat.session@1", source="default", opening_event_id="m-1006")
PERIOD = "--period 2026-03-30..2026-03-31"


@pytest.fixture
def reconciled(acme: Run, tmp_path: Path) -> "Reconciled":
    return Reconciled(acme, tmp_path)


class Reconciled:
    """`reconcile` of rows or of an invoice."""

    def __init__(self, run: Run, folder: Path) -> None:
        self._run, self._folder = run, folder

    def rows(self, *rows: Iterable[str], more: str = PERIOD, **names: tuple[str, ...]) -> Ran:
        (self._folder / "bill.csv").write_text(bill(*rows, **names))
        return self._run(f"reconcile bill.csv --account acme {more}")

    def invoice(self, text: str, more: str = "") -> Ran:
        (self._folder / "invoice.toml").write_text(text)
        return self._run(f"reconcile invoice.toml --account acme {more}")


def test_the_same_sessions_have_no_difference(reconciled: Reconciled) -> None:
    ran = reconciled.rows(*CHARGED)
    assert (ran.code, ran.err) == (0, "30 – 31 Mar 2026 (UTC): no difference\n")
    assert [line.split() for line in ran.out.splitlines()][1:4] == [
        ["their", "list", "3", "0.30"],
        ["our", "sessions", "3"],
        ["same", "3"],
    ]


def test_differences_are_told_by_the_exit_code_and_listed_in_every_format(reconciled: Reconciled) -> None:
    rows = [CHARGED[0], CHARGED[1], ("2026-03-31T02:00:00Z", "cus_8401", "c-9", "0.10")]
    table = reconciled.rows(*rows)
    assert table.code == 3
    assert [line.split() for line in table.out.splitlines()][-2:] == [
        ["only", "theirs", "scope", "3", "2026-03-31", "02:00:00", "cus_8401", "0.10"],
        ["only", "ours", "window", "3", "2026-03-31", "23:00:00", "cus_8401"],
    ]
    listed = reconciled.rows(*rows, more=f"{PERIOD} --format csv").rows
    assert [(row["kind"], row["reason"], row["their_row"], row["our_session_id"], row["amount"]) for row in listed] == [
        ("only_theirs", "scope", "3", FIRST_SESSION, "0.10"),
        ("only_ours", "window", "3", LAST_SESSION, ""),
    ]
    answer = reconciled.rows(*rows, more=f"{PERIOD} --format json").json
    assert [row["our_session_id"] for row in answer["differences"]] == [FIRST_SESSION, LAST_SESSION]
    assert (answer["same"], answer["only_theirs"], answer["only_ours"], answer["other_day"]) == (2, 1, 1, 0)
    assert answer["theirs"] == {"sessions": 3, "amount": "0.30"}
    assert answer["days"] == [
        {"date": "2026-03-30", "theirs": 1, "ours": 1, "difference": 0, "amount": "0.10"},
        {"date": "2026-03-31", "theirs": 2, "ours": 2, "difference": 0, "amount": "0.20"},
    ]


def test_without_a_period_the_days_of_the_list_are_compared(reconciled: Reconciled) -> None:
    ran = reconciled.rows(CHARGED[0], more="--format json")
    assert ran.code == 0
    assert ran.json["period"] == {"from": "2026-03-30", "to": "2026-03-30", "timezone": "UTC", "days": 1}
    assert ran.json["differences"] == []
    empty = reconciled.rows(more="")
    assert empty.code == 1
    assert "Name its period with --period FROM..TO" in empty.err
    assert reconciled.rows().code == 3


def test_other_columns_are_refused_with_a_mapping_to_start_from(reconciled: Reconciled) -> None:
    ran = reconciled.rows(*CHARGED, fields=VENDOR_FIELDS)
    assert ran.code == 1
    assert ran.err == (
        "error: bill.csv has no column 'started_at'; its columns are Session start, Contact, Chat, Cost. Expected are "
        "started_at, and where known customer_id, conversation_id, bot_id, channel and amount; name others with "
        '--mapping. A mapping of this file may be: started_at = { column = "Session start" }, customer_id = '
        '{ column = "Contact" }, conversation_id = { column = "Chat" }, amount = { column = "Cost" }.\n'
    )


def test_rows_that_cant_be_read_are_listed_and_are_a_difference(reconciled: Reconciled) -> None:
    bad = [
        ("2026-03-31T02:00:00", "x", "y", "0.10"),
        ("2026-03-31T02:00:00Z", "x", "y", "$1"),
        ("Total", "", "", "0.3"),
    ]
    ran = reconciled.rows(*CHARGED, *bad)
    assert ran.code == 3
    assert ran.err.splitlines() == [
        "1 row of totals left out.",
        "2 rows can't be read and not compared:",
        "row 4: '2026-03-31T02:00:00' has no offset. Add Z, or an offset such as +05:30.",
        "row 5: amount is '$1'; it must be a decimal number such as 0.10, without a currency or commas.",
        "30 – 31 Mar 2026 (UTC): the bill and the account differ",
    ]
    answer = reconciled.rows(*CHARGED, *bad, more="--format json").json
    assert answer["unread"]["rows"] == 2
    assert [row["row"] for row in answer["unread"]["first"]] == [4, 5, 6]


@pytest.mark.parametrize(
    ("change", "code", "difference"), [(("", ""), 0, 0), (("= 3", "= 5"), 3, 2), (('total = "0.30"\n', ""), 0, 0)]
)
def test_an_invoice_is_compared_by_its_number_of_sessions(
    reconciled: Reconciled, change: tuple[str, str], code: int, difference: int
) -> None:
    ran = reconciled.invoice(INVOICE.replace(*change), "--format json")
    assert (ran.code, ran.json["difference"]) == (code, difference)
    assert ran.json["ours"]["sessions"] == 3


def test_an_invoice_that_cant_be_is_refused(reconciled: Reconciled) -> None:
    ran = reconciled.invoice("sessions = 3")
    assert (ran.code, ran.err) == (1, "error: Invalid invoice: period is missing.\n")
    clash = reconciled.invoice(INVOICE, PERIOD)
    assert (clash.code, clash.err.partition(",")[0]) == (2, "error: An invoice has its own period")


@pytest.mark.slow
def test_a_statement_gives_the_period_and_our_amount(reconciled: Reconciled, acme: Run) -> None:
    assert acme("plan set session.price --account acme --from 2026-03-01").code == 0
    assert acme("statement close --account acme --through 2026-03-31").code == 0
    ran = reconciled.rows(*CHARGED, more="--statement 1 --format json")
    assert (ran.code, ran.json["period"]["from"], ran.json["period"]["to"]) == (0, "2026-03-01", "2026-03-31")
    assert (ran.json["ours"]["statement"], ran.json["ours"]["currency"]) == ("ACME-000001", "USD")
    assert reconciled.rows(*CHARGED, more="--statement 7").err.startswith("error: Account acme has no statement")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("--period 2026-03-30..2026-03-31 --statement 1", "Use either --period or --statement, not both."),
        ("--period 2026-03-30", "is not a period"),
        ("--tolerance 1d", "'1d' is not a tolerance"),
        ("--tolerance 2h", "it must be from 0 s to 1 h"),
        ("--mapping missing.toml", "Mapping file"),
    ],
)
def test_options_that_cant_be_are_refused(reconciled: Reconciled, more: str, reason: str) -> None:
    ran = reconciled.rows(*CHARGED, more=more)
    assert ran.code in (1, 2)
    assert reason in ran.err
