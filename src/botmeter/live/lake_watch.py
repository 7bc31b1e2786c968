"""The server's watch for new records of lakes, which the ledgers of their accounts then serve."""

import logging
from collections.abc import Callable
from typing import Final

from botmeter.domain.errors import BotmeterError
from botmeter.domain.instant import now_us
from botmeter.lake.serving import follow, is_newest
from botmeter.ledger.lake_account import ServedRecord, accounts_in_lakes, lake_flag
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.live.account_rounds import AccountRounds

CHECK_SECONDS: Final = 2.0
"""Interval between checks. Each looks for one file of a lake, which of a bucket costs about 0.5 USD a month."""
_log: Final = logging.getLogger(__name__)


def lake_watch(ledgers: OpenLedgers, *, followed: Callable[[str], None] = lambda _account: None) -> AccountRounds:
    """Follow the lakes of all accounts; `followed` is called with each account that serves a newer record."""
    return AccountRounds(ledgers, _Lakes(ledgers, followed).check, name="following lakes", every_seconds=CHECK_SECONDS)


def begin_with_lakes(watch: AccountRounds, ledgers: OpenLedgers) -> None:
    """Begin the watch as soon as an account is in a lake."""
    ledgers.folder.lake_opened = watch.begin
    if accounts_in_lakes(ledgers.folder.path):
        watch.begin()


class _Lakes:
    def __init__(self, ledgers: OpenLedgers, followed: Callable[[str], None]) -> None:
        self._ledgers = ledgers
        self._folder = SharedFolder(ledgers)
        self._followed = followed
        # Served records, with the file that serves them: another one, as after a restoration, may serve another.
        self._served: dict[str, tuple[int, ServedRecord]] = {}
        self._failed: dict[str, str] = {}

    def check(self, name: str) -> None:
        if not lake_flag(self._folder.path, name).exists():
            return
        try:
            self._follow(name)
        except BotmeterError as problem:
            if self._failed.get(name) != problem.code:
                _log.warning("Account %s serves an older record of its lake: %s", name, problem.message)
            self._failed[name] = problem.code
            raise
        self._failed.pop(name, None)

    def _follow(self, name: str) -> None:
        file_id = self._folder.existing_file(name).stat().st_ino
        known_id, served = self._served.get(name, (None, None))
        if served is None or known_id != file_id:
            with self._ledgers.reading(name) as ledger:
                served = ledger.lake
        if served is not None and not is_newest(served):
            with self._folder.ledger(name) as writer:
                follow(writer, now_us=now_us())
                served = writer.lake
            self._followed(name)
        if served is not None:
            self._served[name] = (file_id, served)
