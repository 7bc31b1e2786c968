"""Evaluation of alerts: after events are settled, and each minute for what passes by time alone."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import DatabaseError, InterfaceError, connections

from botmeter.billing.alerts.account_figures import AccountFigures
from botmeter.billing.alerts.alert import Alert, AlertKind
from botmeter.billing.alerts.crossings import Reading, crossed_levels, new_crossings
from botmeter.billing.alerts.detail import crossing_facts
from botmeter.billing.alerts.next_change import next_change_us
from botmeter.billing.alerts.readings import readings
from botmeter.billing.bill_cache import SERVER_BILLS
from botmeter.domain.errors import BotmeterError
from botmeter.domain.instant import now_us, us_from_datetime
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.bugs import report_bug
from botmeter.live.notifications.closed_statements import put_closed_statements
from botmeter.live.notifications.reached_limits import put_reached_limits
from botmeter.people.notifications.alert_models import AlertRule
from botmeter.people.notifications.alert_rules import (
    Crossed,
    alert_of,
    known_levels,
    record_crossed,
    watched_destinations,
    watched_rules,
)

CHECK_SECONDS: Final = 60.0
RULES_SECONDS: Final = 1.0
"""Age of the list of alerts: an account without any costs a look into it."""
_PAUSE_SECONDS: Final = 0.5
_PAUSE_SECONDS_MAX: Final = 2.5
_BUSY_SHARE: Final = 0.25
"""Largest share of the time in which one account is evaluated, as long as an alert is in time."""
_TIMED: Final = frozenset(
    {AlertKind.STATEMENT, AlertKind.SILENT_SOURCE, AlertKind.PACKS_LAPSE, AlertKind.METERING_DELAY}
)
"""Kinds that no settled event crosses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quiet:
    """State of an account to which nothing came: its file when it was read, and when to read it again (µs UTC)."""

    changed_ns: int
    next_us: int


class AlertWatch:
    """Thread that evaluates one account after the other."""

    def __init__(self, ledgers: OpenLedgers, *, clock: Callable[[], int] = now_us) -> None:
        self._ledgers = ledgers
        self._clock = clock
        self._cache = SERVER_BILLS
        self._rules: Mapping[str, Sequence[AlertRule]] = {}
        self._rules_read_at = float("-inf")
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}
        self._changed: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._quiet: dict[str, _Quiet] = {}
        self._woken = threading.Event()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    def settled(self, account: str) -> None:
        """Evaluate an account soon; only wakes the thread."""
        with self._lock:
            self._due.setdefault(account, time.monotonic())
        self._woken.set()

    def changed(self, account: str) -> None:
        """Evaluate an account whose alerts or billing facts were changed, as in a check."""
        with self._lock:
            self._changed.add(account)
            self._due[account] = time.monotonic()
        self._rules_read_at = float("-inf")
        self._woken.set()

    def close(self) -> None:
        self._end.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def check_all(self) -> None:
        self._read_rules(seconds=0)
        for account in list(self._rules):
            if self._end.is_set():
                return
            self._evaluate_quietly(account, is_settled=False)

    def _run(self) -> None:
        next_check = time.monotonic()
        while not self._end.is_set():
            self._woken.clear()
            self._woken.wait(max(0.0, min(next_check, self._next_due()) - time.monotonic()))
            if self._end.is_set():
                return
            try:
                if time.monotonic() >= next_check:
                    next_check = time.monotonic() + CHECK_SECONDS
                    self.check_all()
                else:
                    self._evaluate_due()
            except (DatabaseError, InterfaceError, OSError):
                # The database or the disk; requests report it.
                self._end.wait(_PAUSE_SECONDS_MAX)
            finally:
                connections.close_all()

    def _next_due(self) -> float:
        with self._lock:
            times = [max(at, self._not_before.get(account, at)) for account, at in self._due.items()]
        return min(times, default=float("inf"))

    def _evaluate_due(self) -> None:
        self._read_rules(seconds=RULES_SECONDS)
        for account in self._taken():
            if self._end.is_set():
                return
            with self._lock:
                is_changed = account in self._changed
                self._changed.discard(account)
            self._quiet.pop(account, None)
            self._evaluate_quietly(account, is_settled=not is_changed)

    def _taken(self) -> list[str]:
        """Accounts to evaluate now, those that wait longest first; those without alerts are forgotten."""
        now = time.monotonic()
        with self._lock:
            self._due = {account: at for account, at in self._due.items() if account in self._rules}
            taken = [each for each in self._due if self._not_before.get(each, now) <= now]
            for account in taken:
                del self._due[account]
        return taken

    def _read_rules(self, *, seconds: float) -> None:
        if time.monotonic() - self._rules_read_at >= seconds:
            accounts = set(self._ledgers.folder.accounts())
            subscribed = dict.fromkeys(watched_destinations() & accounts, ())
            self._rules = {**subscribed, **{name: each for name, each in watched_rules().items() if name in accounts}}
            self._rules_read_at = time.monotonic()

    def _evaluate_quietly(self, account: str, *, is_settled: bool) -> None:
        began = time.monotonic()
        try:
            if is_settled:
                rules = [rule for rule in self._rules[account] if AlertKind(rule.kind) not in _TIMED]
                self.evaluate(account, rules)
            else:
                self._check(account)
        except BotmeterError:
            # A ledger that is busy, removed or can't be read waits for the next check.
            return
        except (DatabaseError, InterfaceError):
            raise
        except Exception as problem:  # noqa: BLE001 - reported with its trace; other accounts must be evaluated
            report_bug("evaluating alerts", problem)
        finally:
            seconds = time.monotonic() - began
            pause = max(_PAUSE_SECONDS, seconds * (1 - _BUSY_SHARE) / _BUSY_SHARE)
            self._not_before[account] = time.monotonic() + min(pause, _PAUSE_SECONDS_MAX)

    def _check(self, name: str) -> None:
        account, quiet = self._ledgers.account(name), self._quiet.get(name)
        was_open = account.is_open
        changed_ns = self._ledgers.folder.existing_file(name).stat().st_mtime_ns
        if not was_open and quiet and quiet.changed_ns == changed_ns and self._clock() < quiet.next_us:
            return
        try:
            pairs = self.evaluate(name, self._rules[name])
        finally:
            if not was_open:
                account.close_if_idle(0)
        changed_ns = self._ledgers.folder.existing_file(name).stat().st_mtime_ns
        self._quiet[name] = _Quiet(changed_ns=changed_ns, next_us=next_change_us(pairs, now_us=self._clock()))

    def evaluate(self, account: str, rules: Sequence[AlertRule]) -> list[tuple[Alert, Reading]]:
        """Read what alerts watch, record what is newly crossed, and put its notifications."""
        backlog = self._ledgers.unsettled(account)
        with self._ledgers.reading(account) as ledger:
            figures = AccountFigures(ledger, now_us=self._clock(), cache=self._cache, backlog=backlog)
            found = [
                (rule, alert, reading)
                for rule in rules
                for alert in (alert_of(rule),)
                for reading in readings(alert, figures, since_us=us_from_datetime(rule.version_at))
            ]
            for crossed in _crossed(found, figures):
                record_crossed(crossed)
            put_reached_limits(figures)
            put_closed_statements(figures)
        return [(alert, reading) for _rule, alert, reading in found]


def _crossed(found: Sequence[tuple[AlertRule, Alert, Reading]], figures: AccountFigures) -> list[Crossed]:
    reached = [each for each in found if crossed_levels(each[1], each[2])]
    if not reached:
        return []
    known = known_levels({(rule.pk, rule.version, reading.epoch) for rule, _alert, reading in reached})
    new = []
    for rule, alert, reading in reached:
        crossings = new_crossings(alert, reading, known=known[rule.pk, rule.version, reading.epoch])
        level = crossings.fired
        if level is not None:
            facts = crossing_facts(alert, reading, figures=figures, level=level)
            cause = f"Alert “{rule.name}” reached {level}{'' if alert.unit is None else f' {alert.unit}'}."
            new.append(Crossed(rule=rule, reading=reading, crossings=crossings, facts=facts, cause=cause))
        elif crossings.superseded:
            new.append(Crossed(rule=rule, reading=reading, crossings=crossings, facts={}, cause=""))
    return new
