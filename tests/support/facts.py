"""Expected tables of an account, computed slowly in plain Python with the oracle.

Shares only the tables' columns with the ledger. Reports are tested on ledgers filled by it, and a ledger's own tables
are compared with it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from botmeter.domain.account import Account
from botmeter.domain.event import Actor, Kind
from botmeter.domain.instant import NEVER_US
from botmeter.domain.period import day_of_us
from botmeter.domain.session import ClosedBy
from botmeter.ledger.ledger import Ledger
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT, Policy
from support.memory_databases import ledger_database
from support.oracle import Event, OracleSession, sessions

TouchpointKey = tuple[str | None, str | None, str]
Tables = dict[str, list[tuple[Any, ...]]]

ACCOUNT = Account(name="acme")


def event(event_id: str, occurred_at: int, **fields: Any) -> Event:
    """Customer's message to bot b1 on the web, changed by `fields`."""
    usual = {
        "source": "s",
        "conversation_id": "v1",
        "customer_id": "c1",
        "actor": "customer",
        "kind": "message",
        "bot_id": "b1",
        "bot_name": None,
        "bot_version": None,
        "channel": "web",
        "preview": None,
        "attributes": None,
        "ticket_id": None,
        "ticket_type": None,
    }
    return {"event_id": event_id, "occurred_at": occurred_at, **usual, **fields}


def filled_ledger(
    events: Iterable[Event], schedule: Policy | list[tuple[Policy, int]] = FRESHCHAT, *, account: Account = ACCOUNT
) -> Ledger:
    """In-memory ledger with the tables of `facts`, from one append."""
    terms = [(schedule, ALWAYS_US)] if isinstance(schedule, Policy) else schedule
    connection = ledger_database(account, terms)
    for table, rows in facts(list(events), terms).items():
        if rows:
            columns = [pa.array(values) for values in zip(*rows, strict=True)]
            connection.register("given", pa.table(columns, names=[f"c{number}" for number in range(len(columns))]))
            last = {
                "conversation_day": ", hash(c1)",
                "conversation_span": ", hash(c0)",
                "event": ", NULL, false, false, false",
                "receipt": ", NULL",
            }
            connection.execute(f"INSERT INTO {table} SELECT *{last.get(table, '')} FROM given")
            connection.unregister("given")
    return Ledger(connection)


def facts(events: list[Event], schedule: Policy | list[tuple[Policy, int]]) -> Tables:
    """Rows of every derived table, in column order."""
    expected = sessions(events, schedule)
    numbers: dict[TouchpointKey, int] = {}
    for each in events:
        numbers.setdefault(touchpoint_of(each), len(numbers))
    footprints: dict[frozenset[int], int] = {frozenset([number]): number for number in numbers.values()}
    tables: Tables = {
        "touchpoint": [(number, *touchpoint) for touchpoint, number in numbers.items()],
        "event": [_event_row(each, numbers) for each in events],
        "receipt": [(1, 0, "s", "events.ndjson", len(events), 0, 0, 0)],
        "bot_name_sent": _bots(events),
        "conversation_span": _spans(events),
        "conversation_ticket": sorted(
            {
                (e["conversation_id"], e["ticket_id"], e["ticket_type"])
                for e in events
                if e.get("ticket_id") is not None
            },
            key=str,
        ),
        "participation": _participations(expected, numbers),
    }
    tables["session"] = [_session_row(session, numbers, footprints=footprints) for session in expected]
    tables["session_usage"] = _session_usage(tables["session"])
    tables["session_ticket"] = _session_tickets(expected, events, numbers=numbers, footprints=footprints)
    tables["conversation_day"] = _conversation_days(expected, numbers, footprints=footprints)
    tables["conversation_usage"] = _conversation_usage(tables["conversation_day"])
    tables["footprint_member"] = [
        (number, member) for members, number in footprints.items() for member in sorted(members)
    ]
    return tables


def touchpoint_of(each: Event) -> TouchpointKey:
    """Bot, version and channel."""
    return each["bot_id"], each["bot_version"], each["channel"]


def day_on(session: OracleSession) -> Any:
    """UTC day on which the session counts."""
    return day_of_us(session.start_us)


def tickets_of(events: list[Event]) -> dict[str, set[tuple[str, str]]]:
    """(ticket, type) of each conversation; type `unknown` if no event names one."""
    types: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in events:
        if each.get("ticket_id") is not None:
            named = {each["ticket_type"]} if each["ticket_type"] is not None else set()
            types[each["conversation_id"], each["ticket_id"]] |= named
    tickets: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for (conversation, ticket), names in types.items():
        tickets[conversation] |= {(ticket, name) for name in names or {"unknown"}}
    return tickets


def _number(footprints: dict[frozenset[int], int], members: Iterable[int]) -> int:
    key = frozenset(members)
    larger = sum(1 for number in footprints.values() if number < 0)
    return footprints.setdefault(key, -1 - larger)


def _event_row(each: Event, numbers: dict[TouchpointKey, int]) -> tuple[Any, ...]:
    return (
        0,
        each["source"],
        each["event_id"],
        each["occurred_at"],
        each["conversation_id"],
        each["customer_id"],
        int(Actor[each["actor"].upper()]),
        int(Kind[each["kind"].upper()]),
        numbers[touchpoint_of(each)],
        each.get("bot_name"),
        each.get("ticket_id"),
        each.get("ticket_type"),
        each["preview"],
        _as_json(each["attributes"]),
        1,
    )


def _as_json(attributes: dict[str, Any] | None) -> str | None:
    return (
        None
        if attributes is None
        else json.dumps(attributes, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    )


def _bots(events: list[Event]) -> list[tuple[Any, ...]]:
    latest: dict[str, tuple[int, str]] = {}
    for each in events:
        if each.get("bot_name") is not None and each["bot_id"] is not None:
            named = (each["occurred_at"], each["bot_name"])
            latest[each["bot_id"]] = max(named, latest.get(each["bot_id"], named))
    return [(bot, name, at) for bot, (at, name) in latest.items()]


def _spans(events: list[Event]) -> list[tuple[Any, ...]]:
    own: dict[str, list[Event]] = defaultdict(list)
    for each in events:
        own[each["conversation_id"]].append(each)
    rows = []
    for conversation, its in own.items():
        created = [each["occurred_at"] for each in its if each["kind"] == "conversation_created"]
        at = [each["occurred_at"] for each in its]
        rows.append((conversation, min(created, default=None), min(at), max(at)))
    return rows


def _participations(expected: list[OracleSession], numbers: dict[TouchpointKey, int]) -> list[tuple[Any, ...]]:
    return [
        (
            session.session_id,
            session.start_us,
            session.opening["customer_id"],
            conversation,
            numbers[touchpoint],
            count,
            session.preview,
        )
        for session in expected
        for (conversation, touchpoint), count in session.participations.items()
    ]


def _session_row(
    session: OracleSession, numbers: dict[TouchpointKey, int], *, footprints: dict[frozenset[int], int]
) -> tuple[Any, ...]:
    opening = session.opening
    return (
        session.session_id,
        session.position,
        opening["customer_id"],
        opening["conversation_id"],
        opening["source"],
        opening["event_id"],
        numbers[touchpoint_of(opening)],
        session.start_us,
        NEVER_US if session.end_us is None else session.end_us,
        session.last_event_us,
        len(session.members),
        int(ClosedBy[session.closed_by.upper()]),
        session.preview,
        _number(footprints, (numbers[touchpoint] for _, touchpoint in session.participations)),
    )


def _session_usage(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    counts: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in rows:
        opening, started_at, preview, footprint = row[6], row[7], row[12], row[13]
        counts[day_of_us(started_at), footprint, opening, preview] += 1
    return [(*key, count) for key, count in counts.items()]


def _session_tickets(
    expected: list[OracleSession],
    events: list[Event],
    *,
    numbers: dict[TouchpointKey, int],
    footprints: dict[frozenset[int], int],
) -> list[tuple[Any, ...]]:
    tickets = tickets_of(events)
    rows = []
    for session in expected:
        for conversation in sorted({conversation for conversation, _ in session.participations}):
            members = (numbers[touchpoint] for other, touchpoint in session.participations if other == conversation)
            footprint = _number(footprints, members)
            rows += [
                (day_on(session), session.session_id, conversation, ticket, kind, footprint, session.preview)
                for ticket, kind in sorted(tickets[conversation])
            ]
    return rows


def _conversation_days(
    expected: list[OracleSession], numbers: dict[TouchpointKey, int], *, footprints: dict[frozenset[int], int]
) -> list[tuple[Any, ...]]:
    members: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    for session in expected:
        for conversation, touchpoint in session.participations:
            members[day_on(session), conversation, session.preview].add(numbers[touchpoint])
    conversations = [conversation for _, conversation, _ in members]
    return [
        (day, conversation, preview, _number(footprints, own), conversations.count(conversation) > 1)
        for (day, conversation, preview), own in members.items()
    ]


def _conversation_usage(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    counts: dict[tuple[Any, ...], int] = defaultdict(int)
    for day, _, preview, footprint, has_other_rows in rows:
        if not has_other_rows:
            counts[day, footprint, preview] += 1
    return [(*key, count) for key, count in counts.items()]
