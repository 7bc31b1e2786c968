"""Pulls by source name, one at a time."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Final

from django.db import close_old_connections

from botmeter.domain.errors import BotmeterError, Conflict, Missing
from botmeter.domain.instant import now_us, text_to_the_second, us_from_datetime
from botmeter.live.pulls.pull import Ledgers, PullTask, pull
from botmeter.people.source_pulls import pull_result, pull_settings_of, record_pull
from botmeter.people.sources import event_source
from botmeter.sources.api_client import Bounds, Clocks
from botmeter.sources.platforms.registry import connectors
from botmeter.sources.pull_window import OVERLAP_US, PullResult, Remaining

_log: Final = logging.getLogger(__name__)
_running: Final[dict[tuple[str, str], int]] = {}
_lock: Final = Lock()


def running_since_us(account: str, source: str) -> int | None:
    """Start of the running pull, µs UTC; None without one."""
    return _running.get((account, source))


def last_result(account: str, source: str) -> PullResult | None:
    """Result of the last pull; None before the first."""
    return PullResult.from_mapping(pull_result(account, source))


def pull_source(
    account: str, source: str, *, since_us: int | None = None, ledgers: Ledgers, clocks: Clocks
) -> PullResult:
    """Pull a source and store the result.

    Args:
        since_us: µs UTC; None: continue the last pull.

    Raises:
        Conflict: `pull_running`.
    """
    before = _remaining(account, source)
    with _alone(account, source):
        try:
            task = pull_task(account, source, since_us=since_us)
            result = pull(task, ledgers=ledgers, clocks=clocks)
        except BotmeterError as error:
            # If the source was removed meanwhile, the caller still gets the error that ended the pull.
            with suppress(Missing):
                result = interrupted(before, code=error.code, message=error.message)
                record_pull(account, source, result=result.as_mapping())
            raise
        # A long pull can outlive its thread's database connection.
        close_old_connections()
        record_pull(account, source, result=result.as_mapping())
    _note_in_log(account, source, result=result)
    return result


def pull_task(account: str, source: str, *, since_us: int | None = None, bounds: Bounds | None = None) -> PullTask:
    """Return the next pull; raises Missing `pull_not_set`."""
    settings = pull_settings_of(account, source)
    if settings is None:
        raise _not_set(account, source)
    remaining = _remaining(account, source)
    return PullTask(settings=settings, remaining=remaining, since_us=since_us, bounds=bounds or Bounds())


def interrupted(remaining: Remaining, *, code: str, message: str) -> PullResult:
    """Return the result of a pull that did nothing."""
    at_us = now_us()
    return PullResult(
        began_us=at_us,
        ended_us=at_us,
        since_us=remaining.due_us,
        until_us=at_us,
        code=code,
        fault=message,
        rest=remaining,
    )


def note_bug(account: str, source: str, *, sentence: str) -> None:
    """Store a bug as the result of a pull."""
    result = interrupted(_remaining(account, source), code="internal", message=sentence)
    record_pull(account, source, result=result.as_mapping())


def _remaining(account: str, source: str) -> Remaining:
    found = event_source(account, source)
    if found is None or not found.pull_url:
        raise _not_set(account, source)
    before = last_result(account, source)
    return before.rest if before else Remaining(next_us=us_from_datetime(found.created_at) + OVERLAP_US)


def _not_set(account: str, source: str) -> Missing:
    platforms = ", ".join(sorted(each.platform for each in connectors() if each.pull is not None))
    return Missing(
        "pull_not_set",
        f"Pulls are not set up for source {source} of account {account}. Set them up on its page under Admin, Sources; "
        f"platforms with pulls: {platforms}.",
    )


@contextmanager
def _alone(account: str, source: str) -> Iterator[None]:
    with _lock:
        since_us = _running.get((account, source))
        if since_us is None:
            _running[account, source] = now_us()
    if since_us is not None:
        raise Conflict(
            "pull_running", f"Source {source} is being pulled since {text_to_the_second(since_us)}; try again later."
        )
    try:
        yield
    finally:
        with _lock:
            del _running[account, source]


def _note_in_log(account: str, source: str, *, result: PullResult) -> None:
    counts = {name: getattr(result, name) for name in ("conversation_count", "seen", "known", "accepted", "refused")}
    fields = {"account": account, "source": source, **counts, "requests": result.request_count}
    if result.is_whole:
        _log.info("source pulled", extra={"fields": fields})
    else:
        _log.warning("pull interrupted", extra={"fields": {**fields, "code": result.code}})
