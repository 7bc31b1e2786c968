"""The sources of an account: what is in force, what is refused, and what remains to be read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.ledgers import NOW_US, append_events, event, ledger_in_memory
from tests.support.table_meaning import table_meaning

from botmeter.domain.errors import BotmeterError, Conflict, Missing
from botmeter.domain.source import IDENTITIES_MAX, BotIdentity, Source
from botmeter.ledger.backup import backup, restore
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.sources import (
    SourceChange,
    existing_source,
    remove_source,
    set_source,
    source_history,
    source_of,
    sources_of,
)
from botmeter.ledger.verify import verify
from botmeter.sources.platforms.registry import platform_codes

DESK = Source(
    name="desk",
    platform="chatwoot",
    bot_id="orders",
    bot_name="Order bot",
    bot_version="7",
    channel="web",
    identities=(
        BotIdentity(sender="12", bot_id="orders"),
        BotIdentity(sender="Returns – retours", bot_id="returns", bot_name="Returns", bot_version="2"),
    ),
    options=(("preview_inboxes", "7, 9"), ("ticket_attribute", "case")),
)
PLAIN = Source(name="own", platform="botmeter")


def put(ledger: Ledger, source: Source, *, now_us: int = NOW_US) -> bool:
    return set_source(ledger, source, by="ada@example.org", now_us=now_us)


def test_a_source_is_read_as_it_was_set() -> None:
    ledger = ledger_in_memory()
    assert (source_of(ledger, "desk"), sources_of(ledger)) == (None, ())
    put(ledger, PLAIN)
    put(ledger, DESK)
    assert source_of(ledger, "desk") == DESK
    assert source_of(ledger, "DESK") is None
    assert sources_of(ledger) == (DESK, PLAIN)


def test_the_latest_setting_is_in_force_even_if_the_clock_went_back() -> None:
    ledger = ledger_in_memory()
    put(ledger, DESK)
    put(ledger, replace(DESK, bot_id="b2", identities=()), now_us=NOW_US - 1)
    assert existing_source(ledger, "desk") == replace(DESK, bot_id="b2", identities=())


def test_setting_the_present_value_writes_nothing() -> None:
    ledger = ledger_in_memory()
    assert put(ledger, DESK)
    version = ledger.version
    assert not put(ledger, DESK)
    assert ledger.version == version
    assert len(source_history(ledger)) == 1


def test_a_removed_source_is_gone_but_its_events_and_its_history_stay() -> None:
    ledger = ledger_in_memory()
    put(ledger, DESK)
    append_events(ledger, event("1", "2026-03-01T10:00", source="desk"))
    before = table_meaning(ledger)
    assert remove_source(ledger, "desk", by="bob@example.org", now_us=NOW_US + 1) == DESK
    assert (source_of(ledger, "desk"), sources_of(ledger)) == (None, ())
    assert table_meaning(ledger) == before
    assert verify(ledger).is_clean
    assert source_history(ledger, "desk") == [
        SourceChange(recorded_at=NOW_US, source=DESK, is_removed=False, by="ada@example.org"),
        SourceChange(recorded_at=NOW_US + 1, source=DESK, is_removed=True, by="bob@example.org"),
    ]


def test_a_removed_source_can_be_made_again_even_for_another_platform() -> None:
    ledger = ledger_in_memory()
    put(ledger, DESK)
    remove_source(ledger, "desk", now_us=NOW_US)
    again = Source(name="desk", platform="rasa")
    put(ledger, again)
    assert sources_of(ledger) == (again,)


def test_a_source_keeps_its_platform() -> None:
    ledger = ledger_in_memory()
    put(ledger, DESK)
    with pytest.raises(Conflict, match="has platform chatwoot, which can't change") as refused:
        put(ledger, replace(DESK, platform="freshchat"))
    assert refused.value.code == "source_platform_fixed"
    assert source_of(ledger, "desk") == DESK


@pytest.mark.parametrize("name", ["a/b", "two words", ".", "-x", "x" * 65, "süd", "a\n"])
def test_a_new_source_has_a_name_that_an_address_can_bear(name: str) -> None:
    ledger = ledger_in_memory()
    with pytest.raises(BotmeterError) as refused:
        put(ledger, Source(name=name, platform="rasa"))
    assert refused.value.code == "source_name_invalid"
    assert sources_of(ledger) == ()


def test_an_unknown_source_is_refused_with_the_names_of_the_others() -> None:
    ledger = ledger_in_memory()
    put(ledger, DESK)
    for change in (lambda: existing_source(ledger, "dsk"), lambda: remove_source(ledger, "dsk", now_us=NOW_US)):
        with pytest.raises(Missing, match="has no source 'dsk'. Sources: desk") as refused:
            change()
        assert refused.value.code == "source_unknown"


@pytest.mark.parametrize(
    "what",
    [
        {"bot_id": ""},
        {"bot_id": "b" * 513},
        {"bot_name": "two\nlines"},
        {"channel": "\ud800"},
        {"options": (("ticket_attribute", ""),)},
        {"identities": (BotIdentity(sender="1", bot_id="a"), BotIdentity(sender="1", bot_id="b"))},
        {"identities": tuple(BotIdentity(sender=str(n), bot_id="b") for n in range(IDENTITIES_MAX + 1))},
    ],
)
def test_a_source_setting_that_no_event_can_have_is_refused(what: dict[str, object]) -> None:
    with pytest.raises(BotmeterError) as refused:
        replace(DESK, **what)  # type: ignore[arg-type]
    assert refused.value.code == "source_setting_invalid"


@pytest.mark.parametrize("what", [{"sender": ""}, {"bot_id": "a\0b"}, {"bot_version": "v" * 513}])
def test_a_bot_identity_that_no_event_can_have_is_refused(what: dict[str, str]) -> None:
    with pytest.raises(BotmeterError, match="of a bot identity") as refused:
        BotIdentity(**{"sender": "1", "bot_id": "b", **what})
    assert refused.value.code == "source_setting_invalid"


ONE_LINE = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)
MAYBE = st.none() | ONE_LINE
IDENTITIES = st.lists(
    st.builds(BotIdentity, sender=ONE_LINE, bot_id=ONE_LINE, bot_name=MAYBE, bot_version=MAYBE),
    unique_by=lambda identity: identity.sender,
    max_size=4,
)
SOURCES = st.builds(
    Source,
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True),
    platform=st.sampled_from(platform_codes()),
    bot_id=MAYBE,
    bot_name=MAYBE,
    bot_version=MAYBE,
    channel=MAYBE,
    identities=IDENTITIES.map(tuple),
    options=st.dictionaries(ONE_LINE, ONE_LINE, max_size=3).map(lambda pairs: tuple(pairs.items())),
)


@pytest.mark.slow
@given(sources=st.lists(SOURCES, unique_by=lambda source: source.name, max_size=4))
def test_every_source_is_read_as_it_was_set(sources: list[Source]) -> None:
    ledger = ledger_in_memory()
    for source in sources:
        put(ledger, source)
    assert sources_of(ledger) == tuple(sorted(sources, key=lambda source: source.name))
    assert [source_of(ledger, source.name) for source in sources] == sources


def test_sources_come_through_a_backup(folder: Folder, acme: str) -> None:
    with folder.ledger(acme) as ledger:
        put(ledger, DESK)
        put(ledger, PLAIN)
        remove_source(ledger, "own", now_us=NOW_US)
    backup(folder, acme, path=folder.path / "kept")
    restore(folder, folder.path / "kept", name="other")
    with folder.reading("other") as ledger:
        assert sources_of(ledger) == (DESK,)
        assert [change.is_removed for change in source_history(ledger)] == [False, False, True]


def test_the_last_changes_can_be_read_alone() -> None:
    ledger = ledger_in_memory()
    for number, channel in enumerate(("web", "sms", "app")):
        set_source(ledger, replace(DESK, channel=channel), now_us=NOW_US - number)
    put(ledger, PLAIN)
    assert [change.source.channel for change in source_history(ledger, "desk", last=2)] == ["sms", "app"]
    assert source_history(ledger, last=1) == source_history(ledger, PLAIN.name)
    assert len(source_history(ledger, "desk", last=9)) == 3
