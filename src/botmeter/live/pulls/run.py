"""A source pulled by its name: with the settings that it has, one pull of it at a time, and the result written down."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Final

from django.db import close_old_connections

from botmeter.domain.errors import BotmeterError, Conflict, Missing
from botmeter.domain.instant import now_us, text_to_the_second, us_from_datetime
from botmeter.live.pulls.pull import Ledgers, PullTask, pull
from botmeter.people.source_pulls import note_pull, pull_result, pull_settings_of
from botmeter.people.sources import event_source
from botmeter.sources.api_client import Bounds, Clocks
from botmeter.sources.platforms.registry import connectors
from botmeter.sources.pull_window import OVERLAP_US, PullResult, Remaining

_log: Final = logging.getLogger(__name__)
_running: Final[dict[tuple[str, str], int]] = {}
_lock: Final = Lock()


def running_since_us(account: str, source: str) -> int | None:
    """Since when this process is asking the source, µs UTC; None: it is not."""
    return _running.get((account, source))


def last_result(account: str, source: str) -> PullResult | None:
    """What came of asking the source last; None: it was never asked."""
    return PullResult.from_mapping(pull_result(account, source))


def pull_source(account: str, source: str, *, asked_us: int | None = None, means: tuple[Ledgers, Clocks]) -> PullResult:
    """What came of asking the source, as it is written down too.

    Args:
        account: Of Botmeter.
        source: Its name.
        asked_us: From when, µs UTC; None: from where the last pull left off.
        means: How the ledger is reached, and what asking needs.

    Raises:
        Missing: `source_unknown`, `pull_not_set`; `source_without_address` if the source was removed meanwhile.
        Conflict: `pull_running`.
        Unavailable: `seal_broken`.
    """
    ledgers, around = means
    before = _rest_before(account, source)
    with _alone(account, source):
        try:
            task = pull_task(account, source, asked_us=asked_us)
            result = pull(task, ledgers=ledgers, around=around)
        except BotmeterError as fault:
            # The source may have been removed meanwhile; the fault is what the caller is told all the same.
            with suppress(Missing):
                note_pull(account, source, result=cut_off(before, code=fault.code, fault=fault.message).as_mapping())
            raise
        # A long pull can have outlived what its thread was connected with.
        close_old_connections()
        note_pull(account, source, result=result.as_mapping())
    _note_in_log(account, source, result=result)
    return result


def pull_task(account: str, source: str, *, asked_us: int | None = None, bounds: Bounds | None = None) -> PullTask:
    """How the source is pulled now.

    Raises:
        Missing: `pull_not_set`.
        Unavailable: `seal_broken`.
    """
    settings = pull_settings_of(account, source)
    if settings is None:
        raise _not_set(account, source)
    rest = _rest_before(account, source)
    return PullTask(settings=settings, rest=rest, asked_us=asked_us, bounds=bounds or Bounds())


def cut_off(rest: Remaining, *, code: str, fault: str) -> PullResult:
    """The result of a pull of which nothing came, so that all of the rest is left."""
    at_us = now_us()
    return PullResult(
        began_us=at_us, ended_us=at_us, since_us=rest.due_us, until_us=at_us, code=code, fault=fault, rest=rest
    )


def note_bug(account: str, source: str, *, sentence: str) -> None:
    """Writes down that a fault of Botmeter's own ended a pull."""
    result = cut_off(_rest_before(account, source), code="internal", fault=sentence)
    note_pull(account, source, result=result.as_mapping())


def _rest_before(account: str, source: str) -> Remaining:
    """What the last pull left; at first, all since the source is there: before, it was sent elsewhere."""
    found = event_source(account, source)
    if found is None or not found.pull_url:
        raise _not_set(account, source)
    before = last_result(account, source)
    return before.rest if before else Remaining(next_us=us_from_datetime(found.created_at) + OVERLAP_US)


def _not_set(account: str, source: str) -> Missing:
    platforms = " or ".join(sorted(each.platform for each in connectors() if each.pull is not None))
    return Missing(
        "pull_not_set",
        f"Source {source} of account {account} is not set up to be asked. One of platform {platforms} can be, on its "
        "page under Admin, Sources.",
    )


@contextmanager
def _alone(account: str, source: str) -> Iterator[None]:
    with _lock:
        since_us = _running.get((account, source))
        if since_us is None:
            _running[account, source] = now_us()
    if since_us is not None:
        raise Conflict("pull_running", f"Source {source} is being asked already, since {text_to_the_second(since_us)}.")
    try:
        yield
    finally:
        with _lock:
            del _running[account, source]


def _note_in_log(account: str, source: str, *, result: PullResult) -> None:
    counts = {name: getattr(result, name) for name in ("conversation_count", "seen", "known", "accepted", "refused")}
    fields = {"account": account, "source": source, **counts, "requests": result.request_count}
    if result.is_whole:
        _log.info("a source was asked", extra={"fields": fields})
    else:
        _log.warning("a source was not asked to the end", extra={"fields": {**fields, "code": result.code}})
