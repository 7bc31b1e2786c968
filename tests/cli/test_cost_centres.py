"""`cost-centre list` and `cost-centre set`, and reports by cost centre."""

import pytest

from cli.conftest import Run

PERIOD = "--from 2026-03-01 --to 2026-04-30"


@pytest.mark.slow
def test_a_cost_centre_is_set_listed_and_a_filter_of_reports(acme: Run) -> None:
    everything = acme(f"report {PERIOD} --account acme --format json").json["sessions_consumed"]
    ran = acme("cost-centre set Sales --bot orders --from 2026-03-01 --account acme")
    assert (ran.code, ran.out, ran.err) == (0, "", "bot orders has cost centre Sales from 2026-03-01\n")
    assert acme("cost-centre set Online --channel web --from 2026-03-01 --account acme").code == 0
    assert acme("cost-centre list --account acme --format json").json == [
        {"from": "2026-03-01", "bot_id": "orders", "channel": None, "cost_centre": "Sales", "set_by": "command line"},
        {"from": "2026-03-01", "bot_id": None, "channel": "web", "cost_centre": "Online", "set_by": "command line"},
    ]
    reports = [
        acme(f"report {PERIOD} --account acme --format json {option} Sales").json
        for option in ("--cost-centre", "--not-cost-centre")
    ]
    assert reports[0]["filters"]["cost_centre"] == ["Sales"]
    assert sum(report["sessions_consumed"] for report in reports) == everything
    assert reports[0]["sessions_consumed"] > 0
    ran = acme("cost-centre set '' --bot orders --from 2026-03-02 --account acme")
    assert ran.err == "bot orders has no cost centre of its own from 2026-03-02\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("Sales", "A cost centre belongs to one bot or to one channel: name one of them."),
        ("Sales --bot orders --channel web", "A cost centre belongs to one bot or to one channel: name one of them."),
        ("Sales --bot nobody", "Account acme has no bot 'nobody'."),
        ("Sales --channel nowhere", "Account acme has no channel 'nowhere'."),
        ("Sales --bot orders --from soon", "'soon'"),
    ],
)
def test_a_cost_centre_that_can_t_be_is_refused(acme: Run, arguments: str, message: str) -> None:
    ran = acme(f"cost-centre set {arguments} --account acme")
    assert ran.code in (1, 2)
    assert message in ran.err
    assert acme("cost-centre list --account acme --format json").json == []
