"""Sessions that are charged and those that are not are all sessions, under any plans and filters."""

from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws.test_statement_laws import CUSTOMERS, START, Account
from tests.support.ledgers import made_account

from botmeter.billing.session_charges import charges_for, with_not_charged
from botmeter.domain.errors import BotmeterError
from botmeter.domain.instant import DAY_US
from botmeter.domain.period import Period, day_of_us
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.reports.filters import Filters
from botmeter.reports.grain_rows import underlying_data
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_options import ChargeFilter, Grain
from botmeter.reports.usage import usage_report
from support.examples import examples

NOT_CHARGED = (ChargeFilter.VOID, ChargeFilter.TEST, ChargeFilter.STOPPED, ChargeFilter.PREVIEW_FREE)


def filters(random: Random) -> Filters:
    """Some of the filters, chosen or excluded."""
    values = {
        "bot": ("b1",),
        "opened_by": ("b2",),
        "channel": ("web",),
        "customer": tuple(random.sample(CUSTOMERS, 3)),
        "cost_centre": (random.choice(["Sales", "Service"]),),
        "hour": ("mon-00", "tue-01", "sat-12"),
    }
    names = random.sample(sorted(values), random.randrange(3))
    chosen = Filters(**{name: values[name] for name in names}, preview=random.choice([None, None, True, False]))
    left_out = random.sample(sorted(set(values) - set(names)), random.randrange(2))
    return replace(chosen, excluded=Filters(**{name: values[name] for name in left_out})) if left_out else chosen


def session_ids(ledger: Ledger, query: UsageQuery, *, charge: ChargeFilter | None) -> list[str]:
    charges = charges_for(ledger, query, charge=charge)
    rows = underlying_data(
        ledger, query, grain=Grain.SESSION, columns=("session_id",), charge=charge, charges=charges
    ).read_all()
    return sorted(rows["session_id"].to_pylist())


# Each example fills a ledger for months, and reads six lists under some filters: 2 seconds of processor time.
@pytest.mark.slow
@examples(cost=30, shrinks=False)
@given(st.integers(0, 2**32))
def test_charged_and_not_charged_sessions_are_all_sessions(seed: int) -> None:
    random = Random(seed)
    with TemporaryDirectory() as directory, Folder.owned(Path(directory) / "data", purpose="a test") as folder:
        made_account(folder)
        account = Account(folder, random)
        with folder.ledger("acme") as ledger:
            for _ in range(3):
                for _ in range(6):
                    with suppress(BotmeterError):
                        random.choice([*account.steps(), account.set_plan])(ledger)
                account.now_us += random.randrange(10, 40) * DAY_US
            first_on, last_on = day_of_us(START), day_of_us(account.now_us + 2 * DAY_US)
            for _ in range(4):
                assert_adds_up(ledger, random, days=(first_on, last_on))


def assert_adds_up(ledger: Ledger, random: Random, *, days: tuple[date, date]) -> None:
    ordinals = sorted(random.randint(days[0].toordinal(), days[1].toordinal()) for _ in range(2))
    zone = random.choice(["UTC", "UTC", "Pacific/Auckland"])
    # The first plan begins with the first day: an earlier session is neither charged nor not.
    first_on, last_on = map(date.fromordinal, ordinals if random.random() < 0.5 else [day.toordinal() for day in days])
    query = UsageQuery(period=Period(first_on=first_on, last_on=last_on, timezone=zone), filters=filters(random))
    every = session_ids(ledger, query, charge=None)
    parts = {charge: session_ids(ledger, query, charge=charge) for charge in ChargeFilter}
    assert sorted([*parts[ChargeFilter.CHARGED], *parts[ChargeFilter.NOT_CHARGED]]) == every
    assert sorted(each for charge in NOT_CHARGED for each in parts[charge]) == parts[ChargeFilter.NOT_CHARGED]
    report = with_not_charged(ledger, query, report=usage_report(ledger, query))
    assert (report.sessions_consumed, report.not_charged_count) == (len(every), len(parts[ChargeFilter.NOT_CHARGED]))
