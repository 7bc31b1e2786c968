"""A plan file says what it means, and a slip in it gets a sentence that names plan, key, limit and value."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from botmeter.billing.plan import (
    Allowance,
    Beyond,
    CycleRule,
    Meter,
    Pack,
    Plan,
    Published,
    Recharge,
    Tier,
)
from botmeter.billing.plan_text import plan_as_json, plan_as_toml, plan_from_mapping, plan_from_text
from botmeter.billing.shipped_plans import plan_named
from botmeter.domain.errors import Missing, Refused

EVERY_KEY = Plan(
    name="every.key",
    version=3,
    currency="KWD",
    title='Every "key" of a plan',
    published=Published(
        source="https://example.com/prices",
        seen_on=date(2026, 11, 29),
        effective_from=date(2026, 1, 1),
        effective_to=date(2026, 12, 31),
        confidence="secondary",
    ),
    cycle=CycleRule(every="quarter", anchor=date(2026, 1, 31), timezone="Asia/Kolkata", prorate=True),
    meters=(
        Meter(
            policies=("freshchat.session", "freshworks.voice@1"),
            weight=Decimal("1.5"),
            previews="free",
            test="charged",
            allowance=Allowance(sessions=500, per="account", forfeited_on_purchase=True),
            pack=Pack(sessions=100, price=Decimal("49.125"), lapses="90d", recurring=True, least_per_cycle=2),
            recharge=Recharge(below=500, packs=2, most_per_cycle=20),
            beyond=Beyond(
                kind="graduated",
                tiers=(Tier(up_to=50, price=Decimal("0.95"), flat=Decimal(5)), Tier(price=Decimal("0.85"))),
                cap=Decimal(25),
            ),
        ),
        Meter(beyond=Beyond(kind="package", price=Decimal(40), sessions=100)),
    ),
    fee=Decimal("10.5"),
    minimum=Decimal(20),
    tax_rate=Decimal("0.19"),
)


@pytest.mark.parametrize("plan", [Plan(name="plain", currency="USD"), EVERY_KEY], ids=lambda plan: plan.name)
def test_a_plan_written_as_toml_or_json_reads_back_the_same(plan: Plan) -> None:
    assert plan_from_text(plan_as_toml(plan)) == plan
    assert plan_from_text(plan_as_json(plan)) == plan
    assert plan_as_json(plan_from_text(plan_as_toml(plan))) == plan_as_json(plan)


def test_the_json_of_a_plan_is_canonical() -> None:
    plan = Plan(name="b", currency="USD", cycle=CycleRule(anchor=date(2026, 1, 31)), fee=Decimal("1E+2"))
    assert plan_as_json(plan) == (
        '{"currency":"USD","cycle":{"anchor":"2026-01-31"},"fixed":{"fee":"100"},"name":"b","version":1}'
    )


def test_keys_that_are_left_out_have_their_defaults() -> None:
    assert plan_from_text('currency = "USD"', name_hint="of-the-file") == Plan(name="of-the-file", currency="USD")
    meter = plan_from_text('currency = "USD"\n[[meter]]\n[meter.beyond]\nkind = "stop"').meters
    assert meter == (Meter(),)
    assert plan_from_text("currency = 'USD'", name_hint="a@b").name == "custom"


HEAD = 'name = "x"\ncurrency = "USD"\n'
METER = f"{HEAD}[[meter]]\n"
TIERS = f'{METER}beyond.kind = "graduated"\nbeyond.tiers = '


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Plan 'custom': currency is missing."),
        ("x", "The plan is not valid TOML: "),
        ('{"currency": 1, "currency": 2}', "The plan is not valid JSON: a key is present twice."),
        (
            f"{HEAD}[cycle]\nanchor = 2026-01-32\n",
            "The plan is not valid: anchor = 2026-01-32 is not a day of the calen",
        ),
        (f'{HEAD}cycle.anchor = "2026-02-30"', 'cycle.anchor must be a day such as 2026-01-31, not "2026-02-30".'),
        (f"{HEAD}cycle.anchor = 2026-01-31T00:00:00Z", "cycle.anchor must be a day such as 2026-01-31, not"),
        (f"{HEAD}cycle.anchor = 0001-01-01", "Plan x@1: cycle.anchor must be from 1900-01-01 to 2999-12-31, not 0001-"),
        (
            f'{HEAD}cycle.every = "week"',
            "cycle.every has the invalid value 'week'. Use month, quarter, half_year, year.",
        ),
        (f'{HEAD}cycle.timezone = "CEST2"', "cycle.timezone 'CEST2' is not in the IANA time zone database."),
        (f'{HEAD}cycle.prorate = "no"', 'cycle.prorate must be true or false, not "no".'),
        (f"{HEAD}cyle.every = 1", "unknown key 'cyle'. Did you mean 'cycle'?"),
        (f"{METER}pack.size = 100", "unknown key 'meter.pack.size'. Did you mean 'meter.pack."),
        (f"{HEAD}fixed.fee = 1.5", 'fixed.fee must be a decimal number in quotes, such as "0.10", not 1.5.'),
        (f"{HEAD}fixed.fee = 1", 'fixed.fee must be a decimal number in quotes, such as "0.10", not 1.'),
        (f'{HEAD}fixed.fee = "1,50"', 'not "1,50".'),
        (f'{HEAD}fixed.fee = "1e3"', 'not "1e3".'),
        (f'{HEAD}fixed.fee = "-1"', "Plan x@1: fixed.fee must be from 0 to 999999999999, not -1."),
        (f'{HEAD}fixed.minimum = "1000000000000"', "fixed.minimum must be from 0 to 999999999999, not 1000000000000."),
        (f'{HEAD}fixed.fee = "0.0000000001"', "fixed.fee can have 9 decimals, and 1E-10 has 10."),
        (f'{HEAD}fixed.fee = "123456789012.00000000000000000000001"', "fixed.fee can have 9 decimals, and 12345"),
        (f'{HEAD}tax.rate = "19"', "tax.rate must be from 0 to 1, not 19."),
        (f"{HEAD}tax = {{}}", "tax.rate is missing."),
        ('name = "x"\ncurrency = "USX"', "Plan x@1: currency: Currency 'USX' is not in ISO 4217."),
        ('name = "a@b"\ncurrency = "USD"', "the name can't contain @ or unprintable characters."),
        (f'name = "{"x" * 65}"\ncurrency = "USD"', "the name must have 1 to 64 characters."),
        ('{"name": "\\ud800", "currency": "USD"}', "the name can't contain @ or unprintable characters."),
        (f"{HEAD}version = 0", "version must be from 1 to 2147483647, not 0."),
        (f'{HEAD}title = "a\\nb"', "the title is not valid: it contains the character U+000A"),
        (f'{HEAD}source = "x"', "Plan 'x': seen_on is missing."),
        (f"{HEAD}seen_on = 2026-01-01", "Plan 'x': source is missing."),
        (f'{HEAD}source = ""\nseen_on = 2026-01-01', "source must have 1 to 300 printable characters"),
        (
            f'{HEAD}source = "x"\nseen_on = 2026-01-01\nconfidence = "sure"',
            "confidence has the invalid value 'sure'. Use vendor, secondary.",
        ),
        (
            f'{HEAD}source = "x"\nseen_on = 2026-01-01\neffective_from = 2026-01-02\neffective_to = 2026-01-01',
            "effective_to is 2026-01-01, before effective_from, 2026-01-02.",
        ),
        (f"{HEAD}meter = []", "a plan has 1 to 10 meters, not 0."),
        (f'{HEAD}[meter]\nweight = "1"', "meter must be a list of [[meter]] tables, not a table."),
        (f"{METER}policies = ['a', 'a']", "meter.policies contains a name twice."),
        (f"{METER}policies = ['']", "meter.policies must contain names of 1 to 80 printable characters, not ''."),
        (f"{METER}policies = {[str(n) for n in range(21)]}", "meter.policies names 21 policies; the limit is 20."),
        (f'{METER}weight = "0"', "meter.weight must be above 0."),
        (f'{METER}weight = "0.00001"', "meter.weight can have 4 decimals, and 0.00001 has 5."),
        (f'{METER}previews = "yes"', "meter.previews has the invalid value 'yes'. Use charged, free."),
        (f"{METER}allowance.sessions = -1", "meter.allowance.sessions must be from 0 to 1000000000, not -1."),
        (f"{METER}allowance.per = 'year'", "meter.allowance.sessions is missing."),
        (f"{METER}allowance = {{sessions = 1, per = 'year'}}", "meter.allowance.per has the invalid value 'year'."),
        (
            f"{METER}allowance = {{sessions = 1, forfeited_on_purchase = true}}",
            "meter.allowance.forfeited_on_purchase needs a pack.",
        ),
        (f"{METER}pack.price = '1'", "meter.pack.sessions is missing."),
        (f"{METER}pack.sessions = 1", "meter.pack.price is missing."),
        (f"{METER}pack.least_per_cycle = 1", "meter.pack.sessions is missing."),
        (f"{METER}pack = {{sessions = 0, price = '1'}}", "meter.pack.sessions must be from 1 to 1000000000, not 0."),
        (f"{METER}pack = {{sessions = 1, price = '-1'}}", "meter.pack.price must be from 0 to 999999999999, not -1."),
        (
            f"{METER}pack = {{sessions = 1, price = 1}}",
            'meter.pack.price must be a decimal number in quotes, such as "0',
        ),
        (
            f"{METER}pack = {{sessions = 1, price = '1', lapses = '0d'}}",
            "meter.pack.lapses must be cycle_end, never, or 1d to 36525d such as 90d, not '0d'.",
        ),
        (f"{METER}pack = {{sessions = 1, price = '1', lapses = '2 weeks'}}", "such as 90d, not '2 weeks'."),
        (
            f"{METER}pack = {{sessions = 1, price = '1', least_per_cycle = 10001}}",
            "meter.pack.least_per_cycle must be from 0 to 10000, not 10001.",
        ),
        (f"{METER}recharge.below = 500", "meter.recharge needs a pack."),
        (
            f"{METER}pack = {{sessions = 1, price = '1'}}\nrecharge.below = 0",
            "meter.recharge.below must be from 1 to 1000000000, not 0.",
        ),
        (
            f"{METER}beyond.kind = 'free'",
            "beyond.kind has the invalid value 'free'. Use stop, price, graduated, volume, ",
        ),
        (f"{METER}beyond.kind = 'price'", "meter.beyond.price is missing for kind price."),
        (f"{METER}beyond = {{kind = 'package', price = '1'}}", "meter.beyond.sessions is missing for kind package."),
        (f"{METER}beyond = {{kind = 'stop', price = '1'}}", "meter.beyond.price does not go with kind stop."),
        (f"{METER}beyond = {{kind = 'stop', cap = '1'}}", "meter.beyond.cap needs a price: with kind stop no session"),
        (f"{METER}beyond = {{kind = 'price', price = '1', cap = '0'}}", "meter.beyond.cap must be above 0."),
        (f"{METER}beyond.kind = 'volume'", "meter.beyond.tiers is missing for kind volume."),
        (f"{TIERS}[{{up_to = 5}}]", "meter.beyond.tier 1 price is missing."),
        (
            f"{TIERS}[{{up_to = 5, price = '1'}}]",
            "tiers: the last tier must have no up_to; sessions above 5 have no pri",
        ),
        (
            f"{TIERS}[{{up_to = 5, price = '1'}}, {{up_to = 5, price = '1'}}, {{price = '1'}}]",
            "meter.beyond.tiers: tier 2 ends at 5, and tier 1 at 5. Each tier must end above the one before.",
        ),
        (f"{TIERS}[{{price = '1'}}, {{price = '1'}}]", "tiers: tier 1 has no up_to; only the last tier has no end."),
        (f"{TIERS}[{{price = '-1'}}]", "meter.beyond.tiers: price of tier 1 must be from 0 to 999999999999, not -1."),
        (f'{METER}[[meter]]\nweight = "0"', "Plan x@1: meter[1].weight must be above 0."),
        (f'{METER}[[meter]]\npack.price = "0"', "Plan 'x': meter[1].pack.sessions is missing."),
    ],
)
def test_a_slip_in_a_plan_gets_a_sentence_that_names_it(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        plan_from_text(text)
    assert refused.value.code == "plan_invalid"
    assert sentence in refused.value.message


def test_numbers_that_no_file_has_are_refused_too() -> None:
    for fee in ("NaN", "Infinity", "-0.01", "1E+12", "1E-10"):
        with pytest.raises(Refused, match=r"Plan x@1: fixed\.fee "):
            Plan(name="x", currency="USD", fee=Decimal(fee))
    assert Plan(name="x", currency="USD", fee=Decimal("0.00000000000")).fee == 0
    tiers = [Tier(up_to=number, price=Decimal(1)) for number in range(1, 102)]
    crowded = Meter(beyond=Beyond(kind="volume", tiers=tuple(tiers)))
    with pytest.raises(Refused, match="101 tiers; the limit is 100"):
        Plan(name="x", currency="USD", meters=(crowded,))


def test_a_plan_is_named_or_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('\ufeffcurrency = "USD"\n', encoding="utf-8")
    (tmp_path / "latin.toml").write_bytes(b"\xe9")
    assert plan_named("mine.toml", cwd=tmp_path).name == "mine"
    assert plan_named("freshworks.new").currency == "USD"
    for name, code in (("none.toml", "plan_file_missing"), ("freshworks.nw", "plan_unknown")):
        with pytest.raises(Missing) as missing:
            plan_named(name, cwd=tmp_path)
        assert missing.value.code == code
    with pytest.raises(Refused, match=r"Plan file latin\.toml can't be read: not UTF-8 text\.") as refused:
        plan_named("latin.toml", cwd=tmp_path)
    assert refused.value.code == "plan_file_unreadable"


def test_a_mapping_with_days_is_read_as_a_file_is() -> None:
    read = plan_from_mapping({"name": "x", "currency": "USD", "cycle": {"anchor": date(2026, 1, 31)}})
    assert read.cycle.anchor == date(2026, 1, 31)
