"""Names and days that people set: what is in force, what is refused, and what remains to be read."""

from datetime import date

import pytest
from tests.support.ledgers import NOW_US, append_events, event, ledger_in_memory, made_account
from tests.support.table_meaning import table_meaning

from botmeter.domain.account import Account
from botmeter.domain.errors import Conflict, Missing, Refused
from botmeter.domain.source import Source
from botmeter.ledger.backup import backup, restore
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.restatements import restatements
from botmeter.ledger.settings import (
    BotName,
    NamedBot,
    named_bots,
    set_available_from,
    set_bot_name,
    set_title,
)
from botmeter.ledger.sources import set_source, source_of
from botmeter.ledger.verify import verify
from botmeter.sources.requeue import retry

EVENTS = [
    event("1", "2026-03-01T10:00", bot_name="Order bot"),
    event("2", "2026-03-02T12:00", bot_id="b2", channel="sms", conversation_id="v2"),
]


def filled() -> Ledger:
    ledger = ledger_in_memory()
    append_events(ledger, *EVENTS)
    return ledger


def called(ledger: Ledger, bot_id: str, *, name: str, now_us: int = NOW_US) -> None:
    set_bot_name(ledger, BotName(bot_id=bot_id, name=name), by="ada@example.org", now_us=now_us)


def names(ledger: Ledger) -> dict[str, str]:
    return {bot.bot_id: bot.name for bot in named_bots(ledger)}


def test_bots_have_the_name_in_their_events_or_their_id() -> None:
    assert named_bots(filled()) == [
        NamedBot(bot_id="b1", name="Order bot", sent_name="Order bot", set_name=None),
        NamedBot(bot_id="b2", name="b2", sent_name=None, set_name=None),
    ]


def test_a_name_set_by_a_person_overrides_every_event_before_and_after_it() -> None:
    ledger = filled()
    called(ledger, "b1", name="Orders & more")
    called(ledger, "b2", name="Returns")
    assert names(ledger) == {"b1": "Orders & more", "b2": "Returns"}
    append_events(ledger, event("3", "2026-03-09T10:00", bot_name="Renamed in the builder"))
    assert named_bots(ledger)[0] == NamedBot(
        bot_id="b1", name="Orders & more", sent_name="Renamed in the builder", set_name="Orders & more"
    )
    assert verify(ledger).is_clean


def test_the_latest_name_is_in_force_even_if_the_clock_went_back() -> None:
    ledger = filled()
    called(ledger, "b1", name="First")
    called(ledger, "b1", name="Second", now_us=NOW_US - 1)
    assert names(ledger)["b1"] == "Second"


@pytest.mark.parametrize("blank", ["", "  \t"])
def test_an_empty_name_restores_the_name_in_the_events(blank: str) -> None:
    ledger = filled()
    for bot_id in ("b1", "b2"):
        called(ledger, bot_id, name="Something")
        called(ledger, bot_id, name=blank)
    assert names(ledger) == {"b1": "Order bot", "b2": "b2"}


def test_a_bot_without_events_can_t_be_named() -> None:
    with pytest.raises(Missing, match="Account acme has no bot 'b9'") as refused:
        called(filled(), "b9", name="Nine")
    assert refused.value.code == "bot_unknown"


@pytest.mark.parametrize("name", ["a" * 101, "two\nlines", "bell\a", "\ud800"])
def test_a_bot_name_that_does_not_fit_on_one_line_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="is not a valid bot name: it ") as refused:
        BotName(bot_id="b1", name=name)
    assert refused.value.code == "bot_name_invalid"


def test_no_number_depends_on_a_name() -> None:
    ledger = filled()
    before = table_meaning(ledger)
    called(ledger, "b1", name="Another")
    set_title(ledger, "Maple & Moor", now_us=NOW_US)
    assert table_meaning(ledger) == before
    assert verify(ledger).is_clean


def test_an_account_has_its_title_until_the_default_is_restored(folder: Folder, acme: str) -> None:
    for title, displayed in (("Maple & Moor", "Maple & Moor"), (" ", "acme")):
        with folder.ledger(acme) as ledger:
            set_title(ledger, title, now_us=NOW_US)
            assert ledger.account.title == displayed
        with folder.reading(acme) as ledger:
            assert ledger.account == Account(name="acme", title=displayed)


def test_an_account_can_be_made_with_a_title(folder: Folder) -> None:
    maple = Account(name="maple-and-moor", title="Maple & Moor")
    made_account(folder, maple)
    with folder.ledger(maple.name) as ledger:
        assert ledger.account == maple


@pytest.mark.slow
def test_names_come_through_backup_and_erasure(folder: Folder, acme: str) -> None:
    with folder.ledger(acme) as ledger:
        append_events(ledger, *EVENTS)
        called(ledger, "b1", name="First")
        called(ledger, "b1", name="Second")
        set_title(ledger, "One", now_us=NOW_US)
        set_title(ledger, "Two", now_us=NOW_US)
    erase(folder, acme, customer_id="c1")
    backup(folder, acme, path=folder.path / "kept")
    restore(folder, folder.path / "kept", name="other")
    with folder.ledger("other") as ledger:
        assert names(ledger)["b1"] == "Second"
        assert ledger.account == Account(name="other", title="Two")


@pytest.mark.slow
def test_an_earlier_data_start_returns_how_many_events_can_be_retried() -> None:
    ledger = filled()
    append_events(
        ledger, event("a", "2019-12-31T23:59"), event("b", "2020-01-01T00:00"), event("c", "2021-05-01T10:00")
    )
    append_events(ledger, event("1", "2026-03-01T10:00", bot_name="A conflict"), event("far", "2027-01-01T10:00"))
    assert set_available_from(ledger, date(2020, 1, 1), now_us=NOW_US) == 2
    assert ledger.account.available_from == date(2020, 1, 1)
    assert retry(ledger, now_us=NOW_US).accepted == 2
    assert set_available_from(ledger, date(2020, 1, 1), now_us=NOW_US) == 0
    assert verify(ledger).is_clean
    assert {each.day for each in restatements(ledger)} == {date(2020, 1, 1), date(2021, 5, 1)}


def test_events_that_could_be_accepted_are_counted_beside_unreadable_ones() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, event("é", "2021-05-01T10:00", attributes={"occurred_at": "1999-01-01T00:00:00Z", "é": "\\"}))
    ledger.connection.execute(
        "INSERT INTO quarantine VALUES (9, 1, 0, 's', 0, NULL, 'json_invalid', 'Noise.', '\\xFF\\x00'::BLOB, false, "
        "NULL, NULL, NULL, NULL, NULL)"
    )
    assert set_available_from(ledger, date(2021, 5, 1), now_us=NOW_US) == 1


def test_data_can_t_start_after_an_event_that_was_counted() -> None:
    ledger = filled()
    message = r"can't be 2026-03-02: 1 earlier events are counted. Use 2026-03-01 or an earlier day"
    with pytest.raises(Conflict, match=message) as refused:
        set_available_from(ledger, date(2026, 3, 2), now_us=NOW_US)
    assert refused.value.code == "events_before_available_from"
    assert ledger.account.available_from == date(2022, 2, 4)
    assert set_available_from(ledger, date(2026, 3, 1), now_us=NOW_US) == 0
    assert append_events(ledger, event("early", "2026-02-28T10:00")).rejected == 1


def test_the_ledger_keeps_value_time_and_author_of_each_change() -> None:
    ledger = filled()
    set_title(ledger, "Maple & Moor", by="ada@example.org", now_us=10)
    set_title(ledger, "Maple & Moor", by="bob@example.org", now_us=11)
    called(ledger, "b1", name="Orders", now_us=20)
    set_available_from(ledger, date(2020, 1, 1), now_us=30)
    called(ledger, "b1", name="", now_us=40)
    called(ledger, "b1", name="", now_us=41)
    set_title(ledger, "", by="bob@example.org", now_us=50)
    ada, bob = "ada@example.org", "bob@example.org"
    assert ledger.connection.execute("SELECT * FROM account_term ORDER BY rowid").fetchall() == [
        (0, "acme", date(2022, 2, 4), None, None),
        (10, "acme", date(2022, 2, 4), "Maple & Moor", ada),
        (30, "acme", date(2020, 1, 1), "Maple & Moor", None),
        (50, "acme", date(2020, 1, 1), None, bob),
    ]
    assert ledger.connection.execute("SELECT * FROM bot_name_set ORDER BY rowid").fetchall() == [
        (20, "b1", "Orders", ada),
        (40, "b1", "", ada),
    ]


def test_names_of_earlier_versions_are_shown_without_characters_that_are_refused_now(folder: Folder) -> None:
    name = made_account(folder)
    with folder.ledger(name) as ledger:
        set_title(ledger, "ab", now_us=NOW_US)
        set_source(ledger, Source(name="desk", platform="rasa", bot_name="cd"), by=None, now_us=NOW_US)
        reordered = {"ab": "a\u202eb", '"cd"': '"c\u2066d"'}
        for table, column in (("account_term", "title"), ("source_term", "settings")):
            for before, after in reordered.items():
                ledger.connection.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", [before, after])
    with folder.ledger(name) as ledger:
        source = source_of(ledger, "desk")
        assert (ledger.account.title, source and source.bot_name) == ("ab", "cd")
