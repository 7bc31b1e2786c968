"""`budget list`, `add` and `end`, and `statement grace`."""

import pytest

from cli.conftest import Run


@pytest.mark.slow
def test_a_budget_is_added_listed_with_its_use_and_ended(acme: Run) -> None:
    assert acme("plan set session.price --account acme --from 2026-03-01").code == 0
    assert acme("budget list --account acme").err == "account acme has no budgets; `botmeter budget add` adds one\n"
    assert acme("budget add 500.00 --account acme").err == "budget 1 added: Account: $500.00 per cycle\n"
    ran = acme("budget add 20 --sessions --bot orders --month --brake --account acme")
    assert ran.err == "budget 2 added: Bot orders: 20 sessions per month, brake\n"
    assert "Budget 1 of 500.00 money per cycle is in force" in acme("budget add 9 --account acme").err
    first, second = acme("budget list --account acme --format json").json
    assert (first["amount"], first["unit"], first["used"]) == ("500.00", "money", "0.00")
    assert (second["name"], second["used"], second["brake"]) == ("orders", "0", "yes")
    assert acme("budget end 1 --account acme").err == "budget 1 ended: Account: $500.00 per cycle\n"
    assert "Budget 1 has ended already." in acme("budget end 1 --account acme").err
    assert len(acme("budget list --account acme --format json").json) == 2
    assert "Account" not in acme("budget list --account acme").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("much", "'much' is not an amount"),
        ("0", "use a number above 0"),
        ("1e999999", "use a number above 0, up to 1,000,000,000,000,000"),
        ("0.0000000001", "use at most 9 decimals"),
        ("2.5 --sessions", "use a whole number"),
        ("5 --bot orders --channel web", "use one of --bot, --channel and --cost-centre"),
        ("5 --bot ordres", "Account acme has no bot 'ordres'."),
        ("5 --channel wbe", "Account acme has no channel 'wbe'."),
        ("5 --cost-centre Slaes", "Account acme has no cost centre 'Slaes'."),
    ],
)
def test_a_budget_that_cannot_be_is_refused(acme: Run, arguments: str, message: str) -> None:
    ran = acme(f"budget add {arguments} --account acme")
    assert ran.code in (1, 2)
    assert message in ran.err


def test_the_grace_period_is_printed_and_set(acme: Run) -> None:
    assert acme("statement grace --account acme").out == "3\n"
    assert acme("statement grace 1 --account acme").err == "cycles of account acme are closed 1 day after they end\n"
    assert acme("statement grace --account acme").out == "1\n"
    assert "The grace period can't be 29 days" in acme("statement grace 29 --account acme").err
