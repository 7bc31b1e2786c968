"""Settings that people make and the ledger keeps: what bots and the account are called, and since when data count.

Each change is a row of its own with its instant and its author, and the last one is in force: the ledger alone tells
what was called how, and when. No number depends on a name. Policies are settings too, with a module of their own.
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
    """What can be set."""

    BOT_NAME = "bot_name"
    TITLE = "title"
    AVAILABLE_FROM = "available_from"


@dataclass(frozen=True, slots=True, kw_only=True)
class BotName:
    """What a bot shall be called; the empty name takes an earlier one back.

    Raises:
        Refused: `bot_name_invalid` if it can't be shown on one line.
    """

    bot_id: str
    name: str

    def __post_init__(self) -> None:
        shown = self.name.strip()
        if fault := display_name_fault(shown):
            raise Refused("bot_name_invalid", f"{shown[:40]!r} can't be a bot's name: {fault}.")
        object.__setattr__(self, "name", shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """One setting as it was from one instant on.

    Attributes:
        recorded_at: When, µs UTC.
        setting: Which.
        bot_id: Whose name; None for a setting of the account.
        value: What it was set to, a day as YYYY-MM-DD; None: it was taken back.
        by: Who set it; None: not known.
    """

    recorded_at: int
    setting: Setting
    bot_id: str | None
    value: str | None
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedBot:
    """What a bot is called, and by whom.

    Attributes:
        bot_id: The bot.
        name: As it is shown everywhere; its id if nobody named it.
        sent_name: The name that its latest event with one bears; None: no event names it.
        set_name: The name that a person gave it; None: nobody did, or it was taken back.
    """

    bot_id: str
    name: str
    sent_name: str | None
    set_name: str | None


def set_bot_name(ledger: Ledger, wanted: BotName, *, now_us: int, by: str | None = None) -> None:
    """Has a bot called so in every report, export and page, whatever its events say.

    Args:
        ledger: The account's ledger, open for writing.
        wanted: The bot, of which there must be an event, and its name; if that is empty, the one that events bear
            is shown again.
        now_us: The present instant.
        by: Who sets it; None: not known.

    Raises:
        Missing: `bot_unknown`.
    """
    known = {bot.bot_id: bot.set_name or "" for bot in named_bots(ledger)}
    if wanted.bot_id not in known:
        raise Missing("bot_unknown", f"No event of account {ledger.account.name} is of bot {wanted.bot_id[:60]!r}.")
    if known[wanted.bot_id] == wanted.name:
        return
    with ledger.transaction() as connection:
        connection.execute(sql("add_bot_name"), [now_us, wanted.bot_id, wanted.name, by])


def set_title(ledger: Ledger, title: str, *, now_us: int, by: str | None = None) -> None:
    """Has the account called `title`; blank takes it back, and the account is called by its name again.

    Raises:
        Refused: `title_invalid` if it can't be shown on one line.
    """
    _set_account(ledger, replace(ledger.account, title=title), by=by, now_us=now_us)


def set_available_from(ledger: Ledger, day_on: date, *, now_us: int, by: str | None = None) -> int:
    """Has the account's data start on the UTC day `day_on`.

    Earlier than before, events that were refused for it can be sent again; that is left to `sources.retry`, since
    it can take long and restates days. Later than before, only where nothing was counted before that day: what was
    accepted and shown is never thrown out.

    Returns:
        How many events wait in quarantine that could be taken now.

    Raises:
        Conflict: `events_before_available_from` if the ledger has events of an earlier day.
    """
    count, first_us = row_of(ledger.connection, sql("events_before"), values={"before": day_start_us(day_on)})
    if count:
        first_on = day_of_us(first_us)
        raise Conflict(
            "events_before_available_from",
            f"The data of account {ledger.account.name} can't start on {day_on}: earlier events were counted "
            f"({count:,} of them), and what was counted stays. They can start on {first_on} at the latest.",
        )
    _set_account(ledger, replace(ledger.account, available_from=day_on), by=by, now_us=now_us)
    return int(row_of(ledger.connection, sql("waiting_since"), values={"first_on": day_on})[0])


def settings_history(ledger: ReadableLedger) -> list[SettingChange]:
    """Every change of these settings, and what the account began with, by instant."""
    terms = [
        (recorded_at, Account(name=name, available_from=available_from, title=title or ""), by)
        for recorded_at, name, available_from, title, by in ledger.connection.execute(sql("account_terms")).fetchall()
    ]
    changes = [
        *_beginning(terms[0]),
        *(change for before, after in pairwise(terms) for change in _changes(before, after)),
    ]
    changes += [
        SettingChange(recorded_at=recorded_at, setting=Setting.BOT_NAME, bot_id=bot_id, value=name or None, by=by)
        for recorded_at, bot_id, name, by in ledger.connection.execute(sql("bot_names_set")).fetchall()
    ]
    return sorted(changes, key=lambda change: change.recorded_at)


def named_bots(ledger: ReadableLedger) -> list[NamedBot]:
    """Every bot of which there is an event, by id."""
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


_Term = tuple[int, Account, str | None]


def _beginning(term: _Term) -> Iterator[SettingChange]:
    _, account, _ = term
    yield _change(term, Setting.AVAILABLE_FROM, value=account.available_from.isoformat())
    if account.own_title is not None:
        yield _change(term, Setting.TITLE, value=account.own_title)


def _changes(before: _Term, after: _Term) -> Iterator[SettingChange]:
    if after[1].available_from != before[1].available_from:
        yield _change(after, Setting.AVAILABLE_FROM, value=after[1].available_from.isoformat())
    if after[1].own_title != before[1].own_title:
        yield _change(after, Setting.TITLE, value=after[1].own_title)


def _change(term: _Term, setting: Setting, *, value: str | None) -> SettingChange:
    recorded_at, _, by = term
    return SettingChange(recorded_at=recorded_at, setting=setting, bot_id=None, value=value, by=by)
