"""Pulls by source name, one at a time."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Final

from botmeter.domain.errors import BotmeterError, Conflict, Missing
from botmeter.domain.instant import now_us, text_to_the_second, us_from_datetime
from botmeter.ledger.folder import Folder
from botmeter.live.pulls.pull import PullTask, pull
from botmeter.people.database_failures import close_dropped_connections
from botmeter.people.source_pulls import pull_settings_of, record_pull
from botmeter.people.sources import event_source
from botmeter.sources.payloads.pull_window import OVERLAP_US, PullResult, Remaining
from botmeter.sources.platform_api.api_client import Clocks
from botmeter.sources.platforms.registry import connectors

_log: Final = logging.getLogger(__name__)


class RunningPulls:
    """Sources that are being pulled, each once at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._since_us: dict[tuple[str, str], int] = {}

    def since_us(self, account: str, source: str) -> int | None:
        return self._since_us.get((account, source))

    @contextmanager
    def only(self, account: str, source: str) -> Iterator[None]:
        """Mark a source as being pulled; raises Conflict `pull_running` if it is already."""
        with self._lock:
            since_us = self.since_us(account, source)
            if since_us is None:
                self._since_us[account, source] = now_us()
        if since_us is not None:
            raise Conflict(
                "pull_running",
                f"Source {source} is being pulled since {text_to_the_second(since_us)}; try again later.",
            )
        try:
            yield
        finally:
            with self._lock:
                del self._since_us[account, source]


def pull_source(
    account: str, source: str, *, running: RunningPulls, folder: Folder, clocks: Clocks, since_us: int | None = None
) -> PullResult:
    """Pull a source and store the result.

    Args:
        since_us: µs UTC; None: continue the last pull.

    Raises:
        Conflict: `pull_running`.
        Missing: `pull_not_set`.
    """
    with running.only(account, source):
        remaining = _remaining(account, source)
        try:
            settings = pull_settings_of(account, source)
            if settings is None:
                raise _not_set(account, source)
            task = PullTask(settings=settings, remaining=remaining, since_us=since_us)
            result = pull(task, folder=folder, clocks=clocks)
        except BotmeterError as error:
            # If the source was removed meanwhile, the caller still gets the error that ended the pull.
            with suppress(Missing):
                _note_interrupted(account, source, remaining=remaining, code=error.code, message=error.message)
            raise
        # A long pull can outlive its thread's database connection.
        close_dropped_connections()
        record_pull(account, source, result=result.as_mapping())
    _log_result(account, source, result=result)
    return result


def note_bug(account: str, source: str, *, sentence: str) -> None:
    """Store a bug as the result of a pull."""
    _note_interrupted(account, source, remaining=_remaining(account, source), code="internal", message=sentence)


def _note_interrupted(account: str, source: str, *, remaining: Remaining, code: str, message: str) -> None:
    at_us = now_us()
    result = PullResult(
        began_us=at_us,
        ended_us=at_us,
        since_us=remaining.due_us,
        until_us=at_us,
        code=code,
        fault=message,
        rest=remaining,
    )
    record_pull(account, source, result=result.as_mapping())


def _remaining(account: str, source: str) -> Remaining:
    stored = event_source(account, source)
    if stored is None or not stored.pull_url:
        raise _not_set(account, source)
    last = PullResult.from_mapping(stored.pull_result)
    return last.rest if last else Remaining(next_us=us_from_datetime(stored.created_at) + OVERLAP_US)


def _not_set(account: str, source: str) -> Missing:
    platforms = ", ".join(sorted(each.platform for each in connectors() if each.pull is not None))
    return Missing(
        "pull_not_set",
        f"Pulls are not set up for source {source} of account {account}. Set them up on its page under Admin, Sources; "
        f"platforms with pulls: {platforms}.",
    )


def _log_result(account: str, source: str, *, result: PullResult) -> None:
    counts = {name: getattr(result, name) for name in ("conversation_count", "seen", "known", "accepted", "refused")}
    fields = {"account": account, "source": source, **counts, "requests": result.request_count}
    if result.is_whole:
        _log.info("source pulled", extra={"fields": fields})
    else:
        _log.warning("pull interrupted", extra={"fields": {**fields, "code": result.code}})
