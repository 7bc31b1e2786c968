"""Settings in the ledger: bot names, account title, data start date.

Each change is a row; the last is in force. No number depends on a name.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise

from botmeter.domain.account import Account
from botmeter.domain.display_name import display_name_fault
from botmeter.domain.errors import Conflict, Missing, Refused
from botmeter.domain.period import day_of_us, day_start_us
from botmeter.ledger.account_settings import write_account
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.rows import row_of
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


class Setting(StrEnum):
    """A setting of an account or a bot."""

    BOT_NAME = "bot_name"
    TITLE = "title"
    AVAILABLE_FROM = "available_from"


@dataclass(frozen=True, slots=True, kw_only=True)
class BotName:
    """A bot's name; empty restores the sent one.

    Raises:
        Refused: `bot_name_invalid` if it doesn't fit on one line.
    """

    bot_id: str
    name: str

    def __post_init__(self) -> None:
        shown = self.name.strip()
        if fault := display_name_fault(shown):
            raise Refused("bot_name_invalid", f"{shown[:40]!r} is not a valid bot name: {fault}.")
        object.__setattr__(self, "name", shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """One change of a setting.

    Attributes:
        recorded_at: µs UTC.
        bot_id: None: a setting of the account.
        value: A day as YYYY-MM-DD; None: the default was restored.
    """

    recorded_at: int
    setting: Setting
    bot_id: str | None
    value: str | None
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedBot:
    """Names of a bot: displayed (by default the id), in its latest event with one, and set by a person."""

    bot_id: str
    name: str
    sent_name: str | None
    set_name: str | None


def set_bot_name(ledger: Ledger, bot: BotName, *, now_us: int, by: str | None = None) -> None:
    """Set the displayed name of a bot with at least one event.

    Raises:
        Missing: `bot_unknown`.
    """
    known = {each.bot_id: each.set_name or "" for each in named_bots(ledger)}
    if bot.bot_id not in known:
        raise Missing("bot_unknown", f"Account {ledger.account.name} has no bot {bot.bot_id[:60]!r}.")
    if known[bot.bot_id] == bot.name:
        return
    with ledger.transaction() as connection:
        connection.execute(sql("add_bot_name"), [now_us, bot.bot_id, bot.name, by])


def set_title(ledger: Ledger, title: str, *, now_us: int, by: str | None = None) -> None:
    """Set the account's title; an empty title restores the default.

    Raises:
        Refused: `title_invalid` if it doesn't fit on one line.
    """
    _set_account(ledger, replace(ledger.account, title=title), by=by, now_us=now_us)


def set_available_from(ledger: Ledger, day_on: date, *, now_us: int, by: str | None = None) -> int:
    """Set the data start date, a UTC day; return the number of quarantined events that could now be accepted.

    `sources.requeue` sends them again, which can take long and restates days.

    Raises:
        Conflict: `events_before_available_from` if earlier events were counted.
    """
    count, first_us = row_of(ledger.connection, sql("events_before"), values={"before": day_start_us(day_on)})
    if count:
        first_on = day_of_us(first_us)
        raise Conflict(
            "events_before_available_from",
            f"The data start date of account {ledger.account.name} can't be {day_on}: {count:,} earlier events are "
            f"counted. Use {first_on} or an earlier day.",
        )
    _set_account(ledger, replace(ledger.account, available_from=day_on), by=by, now_us=now_us)
    return int(row_of(ledger.connection, sql("waiting_since"), values={"first_on": day_on})[0])


def settings_history(ledger: ReadableLedger) -> list[SettingChange]:
    """Return every change and the initial settings by instant."""
    terms = [
        _Term(
            recorded_at=recorded_at, account=Account(name=name, available_from=available_from, title=title or ""), by=by
        )
        for recorded_at, name, available_from, title, by in ledger.connection.execute(sql("account_terms")).fetchall()
    ]
    changes = [
        *_initial_settings(terms[0]),
        *(change for before, after in pairwise(terms) for change in _changes(before, after)),
    ]
    changes += [
        SettingChange(recorded_at=recorded_at, setting=Setting.BOT_NAME, bot_id=bot_id, value=name or None, by=by)
        for recorded_at, bot_id, name, by in ledger.connection.execute(sql("bot_names_set")).fetchall()
    ]
    return sorted(changes, key=lambda change: change.recorded_at)


def named_bots(ledger: ReadableLedger) -> list[NamedBot]:
    """Return every bot with an event, by id."""
    rows = ledger.connection.execute(sql("named_bots")).fetchall()
    return [
        NamedBot(bot_id=bot_id, name=name or bot_id, sent_name=sent_name, set_name=set_name)
        for bot_id, name, sent_name, set_name in rows
    ]


def _set_account(ledger: Ledger, account: Account, *, by: str | None, now_us: int) -> None:
    if account == ledger.account:
        return
    with ledger.transaction() as connection:
        write_account(connection, account, by=by, now_us=now_us)
    ledger.account = account


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    recorded_at: int
    account: Account
    by: str | None


def _initial_settings(term: _Term) -> Iterator[SettingChange]:
    yield _change(term, Setting.AVAILABLE_FROM, value=term.account.available_from.isoformat())
    if term.account.own_title is not None:
        yield _change(term, Setting.TITLE, value=term.account.own_title)


def _changes(before: _Term, after: _Term) -> Iterator[SettingChange]:
    if after.account.available_from != before.account.available_from:
        yield _change(after, Setting.AVAILABLE_FROM, value=after.account.available_from.isoformat())
    if after.account.own_title != before.account.own_title:
        yield _change(after, Setting.TITLE, value=after.account.own_title)


def _change(term: _Term, setting: Setting, *, value: str | None) -> SettingChange:
    return SettingChange(recorded_at=term.recorded_at, setting=setting, bot_id=None, value=value, by=term.by)
