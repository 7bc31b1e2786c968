"""Customers that are the same: what merging and taking it back does to events, sessions and what is recorded."""

from datetime import date

import pytest
from tests.support.ledgers import NOW_US, append_events, event, ledger_in_memory, ledger_with
from tests.support.table_meaning import table_meaning

from botmeter.domain.errors import BotmeterError, Conflict, Missing, Refused, TooMuch
from botmeter.ledger.customers import (
    PAIRS_MAX,
    SameCustomer,
    aliases_of_merge,
    counted_customer,
    customer_aliases,
    merge_customers,
    merge_preview,
    other_ids,
    unmerge_customers,
)
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.restatements import restatements
from botmeter.ledger.verify import verify

WEB = event("1", "2026-03-01T10:00", customer_id="web-7", conversation_id="v1")
PHONE = event("2", "2026-03-01T12:00", customer_id="phone-7", conversation_id="v2", channel="whatsapp")
OTHER = event("3", "2026-03-01T13:00", customer_id="other", conversation_id="v3")


def pair(customer_id: str, alias: str, *, label: str = "") -> SameCustomer:
    return SameCustomer(customer_id=customer_id, alias=alias, label=label)


def pairs(*texts: str) -> list[SameCustomer]:
    """`pairs("b=a")`: a is b too."""
    return [pair(*each.split("=")) for each in texts]


def who_sent(ledger: Ledger) -> dict[str, tuple[str, str | None]]:
    rows = ledger.connection.execute("SELECT event_id, customer_id, sent_customer_id FROM event").fetchall()
    return {event_id: (counts, sent) for event_id, counts, sent in rows}


def session_count(ledger: Ledger) -> int:
    return len(table_meaning(ledger)["session"])


@pytest.fixture
def ledger() -> Ledger:
    return ledger_with(WEB, PHONE, OTHER)


def test_two_ids_of_one_person_are_one_customer_with_one_session(ledger: Ledger) -> None:
    change = merge_customers(ledger, pairs("web-7=phone-7"), now_us=NOW_US, by="ann@acme.example")
    assert (change.number, change.event_count, change.before_count, change.after_count) == (1, 1, 2, 1)
    assert change.restated_day_count == 1
    assert who_sent(ledger) == {"1": ("web-7", None), "2": ("web-7", "phone-7"), "3": ("other", None)}
    assert session_count(ledger) == 2
    assert verify(ledger).is_clean


def test_a_merge_records_its_restatements_with_their_cause(ledger: Ledger) -> None:
    merge_customers(ledger, pairs("web-7=phone-7"), now_us=NOW_US)
    unmerge_customers(ledger, ["phone-7"], now_us=NOW_US + 1)
    merged, undone = restatements(ledger)
    assert (merged.day, merged.before_count, merged.after_count) == (date(2026, 3, 1), 3, 2)
    assert (undone.before_count, undone.after_count) == (2, 3)
    assert (merged.append_no, merged.label) == (-1, "customers merged, change 1")
    assert (undone.append_no, undone.label) == (-2, "a merge undone, change 2")
    assert merged.removed == undone.added
    assert (merged.because, merged.because_count) == ((), 0)


def test_a_day_that_is_not_over_is_not_restated() -> None:
    ledger = ledger_in_memory()
    append_events(
        ledger, event("1", "2026-06-01T08:00", customer_id="a"), event("2", "2026-06-01T09:00", customer_id="b")
    )
    change = merge_customers(ledger, pairs("a=b"), now_us=NOW_US)
    assert (change.before_count, change.after_count, change.restated_day_count) == (2, 1, 0)


@pytest.mark.slow
def test_events_to_come_of_an_alias_are_the_customer_s_too(ledger: Ledger) -> None:
    merge_customers(ledger, pairs("web-7=phone-7", "web-7=mail-7"), now_us=NOW_US)
    late = event("4", "2026-03-01T14:00", customer_id="mail-7", conversation_id="v4", channel="mail")
    assert append_events(ledger, late).accepted == 1
    assert who_sent(ledger)["4"] == ("web-7", "mail-7")
    assert session_count(ledger) == 2
    assert verify(ledger).is_clean


@pytest.mark.slow
def test_a_duplicate_is_compared_with_the_customer_as_sent(ledger: Ledger) -> None:
    merge_customers(ledger, pairs("web-7=phone-7"), now_us=NOW_US)
    assert append_events(ledger, PHONE).duplicates == 1
    assert append_events(ledger, {**PHONE, "customer_id": "web-7"}).conflicts == 1
    assert append_events(ledger, WEB).duplicates == 1
    unmerge_customers(ledger, ["phone-7"], now_us=NOW_US)
    assert append_events(ledger, PHONE).duplicates == 1


@pytest.mark.slow
def test_taking_it_back_leaves_everything_as_it_was(ledger: Ledger) -> None:
    before = table_meaning(ledger)
    merge_customers(ledger, pairs("web-7=phone-7"), now_us=NOW_US)
    change = unmerge_customers(ledger, ["phone-7"], now_us=NOW_US, by="ann@acme.example")
    assert (change.number, change.event_count, change.before_count, change.after_count) == (2, 1, 1, 2)
    assert table_meaning(ledger) == before
    assert who_sent(ledger)["2"] == ("phone-7", None)
    assert verify(ledger).is_clean


def test_a_merged_customer_brings_its_aliases_and_undoing_returns_them(ledger: Ledger) -> None:
    merge_customers(ledger, pairs("web-7=phone-7"), now_us=NOW_US)
    merge_customers(ledger, pairs("other=web-7"), now_us=NOW_US)
    assert {counts for counts, _ in who_sent(ledger).values()} == {"other"}
    assert other_ids(ledger, "other") == ["phone-7", "web-7"]
    assert counted_customer(ledger, "phone-7") == "other"
    assert session_count(ledger) == 1
    unmerge_customers(ledger, ["web-7"], now_us=NOW_US)
    assert who_sent(ledger) == {"1": ("web-7", None), "2": ("web-7", "phone-7"), "3": ("other", None)}


@pytest.mark.slow
def test_merging_into_an_alias_leads_to_its_final_customer(ledger: Ledger) -> None:
    merge_customers(ledger, pairs("web-7=phone-7", "phone-7=other"), now_us=NOW_US)
    assert who_sent(ledger)["3"] == ("web-7", "other")
    unmerge_customers(ledger, ["phone-7"], now_us=NOW_US)
    assert who_sent(ledger) == {"1": ("web-7", None), "2": ("phone-7", None), "3": ("phone-7", "other")}
    assert verify(ledger).is_clean


def test_the_list_of_aliases_has_author_and_time_of_each_change(ledger: Ledger) -> None:
    merge_customers(ledger, pairs("web-7=phone-7"), now_us=NOW_US, by="ann@acme.example")
    unmerge_customers(ledger, ["phone-7"], now_us=NOW_US + 1, by="bob@acme.example")
    merge_customers(ledger, pairs("other=web-7", "other=phone-7"), now_us=NOW_US + 2)
    third, other, first = customer_aliases(ledger)
    assert (third.alias, third.customer_id, third.merge_no, third.set_by) == ("phone-7", "other", 3, None)
    assert (other.alias, other.undone_no) == ("web-7", None)
    assert (first.same_as, first.customer_id, first.set_by) == ("web-7", None, "ann@acme.example")
    assert (first.undone_no, first.undone_at, first.undone_by) == (2, NOW_US + 1, "bob@acme.example")
    assert aliases_of_merge(ledger, 3) == ("phone-7", "web-7")


def test_repeating_a_merge_changes_nothing(ledger: Ledger) -> None:
    merge_customers(ledger, pairs("web-7=phone-7"), now_us=NOW_US)
    change = merge_customers(ledger, pairs("web-7=phone-7"), now_us=NOW_US)
    assert (change.number, change.pairs, change.event_count) == (None, (), 0)
    assert len(customer_aliases(ledger)) == 1


def test_ids_without_events_can_be_merged(ledger: Ledger) -> None:
    change = merge_customers(ledger, pairs("web-7=new"), now_us=NOW_US)
    assert (change.number, change.event_count, change.before_count, change.after_count) == (1, 0, 1, 1)
    append_events(ledger, event("9", "2026-03-01T15:00", customer_id="new"))
    assert who_sent(ledger)["9"] == ("web-7", "new")


def test_a_preview_has_the_result_of_a_merge_and_changes_nothing(ledger: Ledger) -> None:
    before = table_meaning(ledger)
    preview = merge_preview(ledger, pairs("web-7=phone-7", "web-7=other"), now_us=NOW_US)
    assert (preview.event_count, preview.before_count, preview.after_count, preview.restated_day_count) == (2, 3, 1, 1)
    assert table_meaning(ledger) == before
    assert customer_aliases(ledger) == []
    assert restatements(ledger) == []
    assert preview == merge_customers(ledger, pairs("web-7=phone-7", "web-7=other"), now_us=NOW_US)


@pytest.mark.parametrize(
    ("refused_pairs", "family", "code", "sentence"),
    [
        ([pair("a", "a")], Refused, "merge_invalid", "'a' can't be an alias of itself"),
        ([pair("", "a")], Refused, "merge_invalid", "the customer has 0 bytes"),
        ([pair("a", "é" * 257)], Refused, "merge_invalid", "the alias has 514 bytes; an id has 1 to 512"),
        ([pair("a", "\ud800")], Refused, "merge_invalid", "is not Unicode"),
        (pairs("b=a", "a=b"), Refused, "merge_invalid", "'a' is already an alias of 'b'"),
        (pairs("b=a", "c=b", "a=c"), Refused, "merge_invalid", "'a' is already an alias of 'c'"),
        (pairs("b=a", "c=a"), Conflict, "customer_merged", "'a' is already merged into 'b'; undo that first"),
        ([], Refused, "merge_invalid", "Name at least one alias"),
        ([pair("a", f"a-{n}") for n in range(PAIRS_MAX + 1)], TooMuch, "merge_too_large", "1,001 aliases"),
        ([pair("x", "y"), pair("a", "a", label="line 3")], Refused, "merge_invalid", "line 3: 'a' can't be"),
    ],
)
def test_an_invalid_merge_is_refused_with_a_message_and_merges_nobody(
    ledger: Ledger, refused_pairs: list[SameCustomer], family: type[BotmeterError], code: str, sentence: str
) -> None:
    with pytest.raises(family) as refused:
        merge_customers(ledger, refused_pairs, now_us=NOW_US)
    assert refused.value.code == code
    assert sentence in refused.value.message
    assert customer_aliases(ledger) == []


def test_a_message_has_the_first_faults_and_the_number_of_the_others(ledger: Ledger) -> None:
    with pytest.raises(Refused) as refused:
        merge_customers(ledger, [pair("a", "a", label=f"line {n}") for n in range(25)], now_us=NOW_US)
    assert "line 0:" in refused.value.message
    assert "line 19:" in refused.value.message
    assert refused.value.message.endswith("; and 5 more.")


def test_an_equivalent_pair_is_not_a_fault(ledger: Ledger) -> None:
    merge_customers(ledger, pairs("web-7=phone-7", "phone-7=other"), now_us=NOW_US)
    assert merge_customers(ledger, pairs("web-7=other"), now_us=NOW_US).number is None


def test_undoing_an_unknown_alias_is_refused(ledger: Ledger) -> None:
    merge_customers(ledger, pairs("web-7=phone-7"), now_us=NOW_US)
    with pytest.raises(Missing, match="'web-7' is not an alias") as unknown:
        unmerge_customers(ledger, ["phone-7", "web-7"], now_us=NOW_US)
    assert unknown.value.code == "alias_unknown"
    assert len(other_ids(ledger, "web-7")) == 1
    with pytest.raises(Missing, match="no merge 2") as missing:
        aliases_of_merge(ledger, 2)
    assert missing.value.code == "merge_unknown"


@pytest.mark.slow
def test_verification_finds_an_event_of_the_wrong_customer(ledger: Ledger) -> None:
    merge_customers(ledger, pairs("web-7=phone-7"), now_us=NOW_US)
    ledger.connection.execute("UPDATE customer_alias SET same_as = 'nobody'")
    verification = verify(ledger)
    assert [(each.table, "phone-7" in each.row) for each in verification.differences] == [("event", True)]


def test_with_many_other_events_only_these_customers_are_metered_again() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, WEB, PHONE, *(event(f"o{n}", "2026-03-01T10:00", customer_id=f"c{n}") for n in range(20)))
    change = merge_customers(ledger, pairs("web-7=phone-7"), now_us=NOW_US)
    assert (change.before_count, change.after_count, change.restated_day_count) == (2, 1, 1)
    assert verify(ledger).is_clean
    assert [(each.before_count, each.after_count) for each in restatements(ledger)] == [(22, 21)]
