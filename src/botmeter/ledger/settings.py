"""Settings in the ledger, one row per change."""

from dataclasses import dataclass, replace
from datetime import date

from botmeter.domain.account import Account
from botmeter.domain.display_name import display_name_fault
from botmeter.domain.errors import Conflict, Missing, Refused
from botmeter.domain.period import day_of_us, day_start_us
from botmeter.ledger.contents import write_account
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BotName:
    """Bot's name; empty restores the sent one.

    Raises:
        Refused: `bot_name_invalid` if it doesn't fit on one line.
    """

    bot_id: str
    name: str

    def __post_init__(self) -> None:
        stripped = self.name.strip()
        if fault := display_name_fault(stripped):
            raise Refused("bot_name_invalid", f"{stripped[:40]!r} is not a valid bot name: {fault}.")
        object.__setattr__(self, "name", stripped)


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
        connection.execute(sql("insert_bot_name"), [now_us, bot.bot_id, bot.name, by])


def set_title(ledger: Ledger, title: str, *, now_us: int, by: str | None = None) -> None:
    """Set the account's title; empty restores the default.

    Raises:
        Refused: `title_invalid` if it doesn't fit on one line.
    """
    _set_account(ledger, replace(ledger.account, title=title), by=by, now_us=now_us)


def set_available_from(ledger: Ledger, day_on: date, *, now_us: int, by: str | None = None) -> int:
    """Set the data start date, a UTC day; return the number of quarantined events that could now be accepted.

    Raises:
        Conflict: `events_before_available_from` if earlier events were counted.
    """
    ledger.refuse_in_lake("Its data start date can't be changed here")
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


def named_bots(ledger: ReadableLedger) -> list[NamedBot]:
    """Every bot with an event, by id."""
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
