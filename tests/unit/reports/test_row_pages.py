from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from botmeter.domain.errors import Missing, Refused, TooMuch
from botmeter.domain.instant import us_from_text
from botmeter.domain.period import Period
from botmeter.ledger.ledger import Ledger
from botmeter.reports.filters import Filters
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_cursor import Cursor, cursor_from_text, text_of_cursor
from botmeter.reports.row_lines import IDS_MAX, ConversationLine, SessionLine, TicketLine
from botmeter.reports.row_options import Grain, RowOptions, SortKey
from botmeter.reports.row_pages import row_page, session_rows
from support.facts import event, filled_ledger

PERIOD = Period(first_on=date(2026, 11, 1), last_on=date(2026, 11, 30))
ASK = UsageQuery(period=PERIOD)
OPTIONS = RowOptions(descending=False, limit=1)
FIRST_US = us_from_text("2026-11-19T10:00:00Z")


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """Two sessions: of c1 with two bots in two conversations, one with a ticket; of c2 a day later."""
    linked = {"ticket_id": "T1", "ticket_type": "refund", "kind": "ticket_linked"}
    ledger = filled_ledger(
        [
            event("1", FIRST_US, bot_name="Order bot"),
            event("2", FIRST_US + 1, conversation_id="v2", bot_id="b2", channel="sms", **linked),
            event("3", FIRST_US + 86_400_000_000, customer_id="c2", conversation_id="v3", preview=True),
        ]
    )
    yield ledger
    ledger.connection.close()


def first_id(ledger: Ledger) -> str:
    return row_page(ledger, ASK, options=OPTIONS).lines_of(SessionLine)[0].session_id


def test_a_line_has_its_bots_channels_and_counts(ledger: Ledger) -> None:
    line = row_page(ledger, ASK, options=OPTIONS).lines_of(SessionLine)[0]
    assert (line.bot_names, line.channels) == (("Order bot", "b2"), ("sms", "web"))
    assert (line.conversation_count, line.ticket_count, line.event_count) == (2, 1, 2)
    assert line.closed_by.name == "DURATION"
    end_us = FIRST_US + 86_400_000_000
    assert line.ended_us == end_us
    assert (line.is_running(end_us - 1), line.is_running(end_us)) == (True, False)


def test_under_a_filter_a_line_counts_only_what_matches(ledger: Ledger) -> None:
    query = UsageQuery(period=PERIOD, filters=Filters(bot=("b2",)))
    page = row_page(ledger, query, options=OPTIONS)
    assert [(line.bot_names, line.event_count) for line in page.lines_of(SessionLine)] == [(("b2",), 1)]
    assert (page.row_count, page.session_count, page.next_cursor) == (1, 1, None)


@pytest.mark.parametrize(
    ("grain", "ids", "session_count"),
    [
        (Grain.SESSION, None, 2),
        (Grain.CONVERSATION, ["v3", "v2", "v1"], 2),
        (Grain.TICKET, ["T1"], 1),
        (Grain.ROW, None, 2),
    ],
)
def test_a_page_lists_and_counts_lines_of_its_grain(
    ledger: Ledger, grain: Grain, ids: list[str] | None, session_count: int
) -> None:
    page = row_page(ledger, ASK, options=RowOptions(grain=grain))
    assert page.line_count == len(page.lines) == {"session": 2, "conversation": 3, "ticket": 1, "row": 3}[grain]
    assert (page.row_count, page.session_count) == (3, session_count)
    if ids is not None:
        assert [getattr(line, f"{grain}_id") for line in page.lines] == ids


def test_a_conversation_has_what_its_matching_rows_have(ledger: Ledger) -> None:
    query = UsageQuery(period=PERIOD, filters=Filters(bot=("b2",)))
    [line] = row_page(ledger, query, options=RowOptions(grain=Grain.CONVERSATION)).lines_of(ConversationLine)
    assert (line.conversation_id, line.bot_names, line.channels) == ("v2", ("b2",), ("sms",))
    assert (line.customer_ids, line.ticket_ids, line.session_count, line.event_count) == (("c1",), ("T1",), 1, 1)
    assert line.last_started_us == FIRST_US


def test_an_id_shared_by_many_lists_the_first_ten_and_counts_all() -> None:
    ticket = {"ticket_id": "T1", "ticket_type": "refund"}
    ledger = filled_ledger(
        [
            event(
                str(number), FIRST_US + number, customer_id=f"c{number:02}", conversation_id=f"v{number:02}", **ticket
            )
            for number in range(12)
        ]
    )
    [line] = row_page(ledger, ASK, options=RowOptions(grain=Grain.TICKET)).lines_of(TicketLine)
    assert line.conversation_ids == tuple(f"v{number:02}" for number in range(IDS_MAX))
    assert (line.conversation_count, line.customer_count, line.session_count) == (12, 12, 12)
    ledger.connection.close()


def test_an_order_that_a_grain_lacks_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        RowOptions(grain=Grain.TICKET, sort=SortKey.EVENTS)
    assert str(refusal.value) == (
        "A list of tickets can't be sorted by events. Use session_start, customer, conversations."
    )


def test_a_cut_leaves_out_sessions_that_start_later(ledger: Ledger) -> None:
    cut = UsageQuery(period=PERIOD, until_us=FIRST_US + 1)
    assert row_page(ledger, cut, options=OPTIONS).session_count == 1
    assert row_page(ledger, UsageQuery(period=PERIOD, until_us=FIRST_US), options=OPTIONS).session_count == 0


def test_a_day_of_another_zone_has_the_sessions_that_start_in_it(ledger: Ledger) -> None:
    day = Period(first_on=date(2026, 11, 20), last_on=date(2026, 11, 20), timezone="Pacific/Kiritimati")
    lines = row_page(ledger, UsageQuery(period=day), options=RowOptions()).lines_of(SessionLine)
    assert [line.customer_id for line in lines] == ["c1"]


def test_the_ends_have_no_cursor_beyond_them(ledger: Ledger) -> None:
    first = row_page(ledger, ASK, options=OPTIONS)
    last = row_page(ledger, ASK, options=OPTIONS, cursor=first.next_cursor)
    assert first.previous_cursor is None
    assert last.next_cursor is None
    assert row_page(ledger, ASK, options=OPTIONS, cursor=last.previous_cursor) == first


@pytest.mark.parametrize("search", ["c1", "v2", "T1"])
def test_a_search_matches_the_start_of_customer_conversation_and_ticket_ids(ledger: Ledger, search: str) -> None:
    page = row_page(ledger, ASK, options=RowOptions(search=search))
    assert [line.customer_id for line in page.lines_of(SessionLine)] == ["c1"]


def test_a_search_finds_a_session_by_its_whole_id_alone(ledger: Ledger) -> None:
    own_id = first_id(ledger)
    found = row_page(ledger, ASK, options=RowOptions(search=own_id)).lines_of(SessionLine)
    assert [line.session_id for line in found] == [own_id]
    assert row_page(ledger, ASK, options=RowOptions(search=own_id[:8])).lines == ()


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_outside_1_to_1000_is_refused(limit: int) -> None:
    with pytest.raises(Refused, match=f"not {limit}") as refusal:
        RowOptions(limit=limit)
    assert refusal.value.code == "limit_invalid"
    assert RowOptions(limit=1000).limit == 1000


def test_a_search_of_more_than_200_characters_is_too_much() -> None:
    with pytest.raises(TooMuch, match="201 characters; the limit is 200") as refusal:
        RowOptions(search="x" * 201)
    assert refusal.value.code == "search_too_long"


def altered(text: str) -> str:
    return text[:-2] + ("AA" if text[-2:] != "AA" else "BB")


@pytest.mark.parametrize(
    "made_up", [altered, lambda text: text + "é", lambda _: "", lambda _: "x", lambda _: "AAAAAAAAAAAAAAAAAAAA"]
)
def test_a_made_up_cursor_is_refused(ledger: Ledger, made_up: Any) -> None:
    cursor = row_page(ledger, ASK, options=OPTIONS).next_cursor
    assert cursor is not None
    assert row_page(ledger, ASK, options=OPTIONS, cursor=cursor).lines
    with pytest.raises(Refused) as refusal:
        row_page(ledger, ASK, options=OPTIONS, cursor=made_up(cursor))
    assert refusal.value.code == "cursor_invalid"


@pytest.mark.parametrize(
    "other",
    [
        RowOptions(descending=True),
        RowOptions(descending=False, sort=SortKey.SESSION_END),
        RowOptions(descending=False, grain=Grain.ROW),
        RowOptions(descending=False, grain=Grain.CONVERSATION),
    ],
)
def test_a_cursor_of_another_order_or_grain_is_refused(ledger: Ledger, other: RowOptions) -> None:
    cursor = row_page(ledger, ASK, options=OPTIONS).next_cursor
    with pytest.raises(Refused) as refusal:
        row_page(ledger, ASK, options=other, cursor=cursor)
    assert refusal.value.code == "cursor_invalid"


def test_a_cursor_of_another_account_is_refused(ledger: Ledger) -> None:
    cursor = row_page(ledger, ASK, options=OPTIONS).next_cursor or ""
    assert cursor_from_text(cursor, account="acme", options=OPTIONS).line_id == first_id(ledger)
    with pytest.raises(Refused) as refusal:
        cursor_from_text(cursor, account="maple", options=OPTIONS)
    assert refusal.value.code == "cursor_invalid"


@pytest.mark.parametrize(
    ("key", "row"), [("text", None), (2**63, None), (0, ("v1", None, None, "web"))], ids=["text", "large", "row"]
)
def test_a_cursor_with_a_valid_checksum_and_invalid_content_is_refused(key: Any, row: Any) -> None:
    cursor = Cursor(key=key, line_id="00000000-0000-8000-8000-000000000000", row=row, is_backward=False)
    with pytest.raises(Refused) as refusal:
        cursor_from_text(text_of_cursor(cursor, account="acme", options=OPTIONS), account="acme", options=OPTIONS)
    assert refusal.value.code == "cursor_invalid"


def test_a_cursor_is_safe_in_an_address(ledger: Ledger) -> None:
    options = RowOptions(grain=Grain.ROW, sort=SortKey.CUSTOMER, limit=1)
    cursor = row_page(ledger, ASK, options=options).next_cursor or ""
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert cursor.isascii()


@pytest.mark.parametrize("unknown", ["00000000-0000-8000-8000-000000000000", "nobody", "' OR 1=1"])
def test_the_rows_of_an_unknown_session_are_missing(ledger: Ledger, unknown: str) -> None:
    assert len(session_rows(ledger, ASK, session_id=first_id(ledger))) == 2
    with pytest.raises(Missing) as refusal:
        session_rows(ledger, ASK, session_id=unknown)
    assert refusal.value.code == "session_unknown"


def test_a_session_outside_the_period_has_no_rows_in_it(ledger: Ledger) -> None:
    before = UsageQuery(period=Period(first_on=date(2026, 1, 1), last_on=date(2026, 1, 2)))
    assert session_rows(ledger, before, session_id=first_id(ledger)) == []
