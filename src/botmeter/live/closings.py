"""The server's work on bills: it records purchases that plans make, and closes cycles whose grace is over."""

import logging
from typing import Final

from botmeter.billing.account_bill import account_plans
from botmeter.billing.account_plans import AccountPlans
from botmeter.billing.closing import close_due, has_due_cycle
from botmeter.billing.due_purchases import has_due_packs, record_due_packs
from botmeter.billing.plan_terms import timeline
from botmeter.billing.recharge_watch import RechargeWatch
from botmeter.domain.instant import NEVER_US, now_us
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.live.account_rounds import AccountRounds

CHECK_SECONDS: Final = 60.0
"""Interval between checks. A ledger that was not written to since the last one is not opened before its next cycle."""
_log: Final = logging.getLogger(__name__)


def closings(ledgers: OpenLedgers, *, recharges: RechargeWatch | None = None) -> AccountRounds:
    """Work on the bills of all accounts, once a minute."""
    bills = _Bills(ledgers, recharges=recharges or RechargeWatch())
    return AccountRounds(ledgers, bills.check, name="closing cycles", every_seconds=CHECK_SECONDS)


class _Bills:
    def __init__(self, ledgers: OpenLedgers, *, recharges: RechargeWatch) -> None:
        self._ledgers = ledgers
        self._recharges = recharges
        self._folder = SharedFolder(ledgers)
        # Per account: change of the file when it was read, and when something is due by time alone (µs UTC).
        self._known: dict[str, tuple[int, int]] = {}

    def check(self, name: str) -> None:
        account, now = self._ledgers.account(name), now_us()
        if not account.is_open and self._is_quiet(name, now=now):
            return
        was_open = account.is_open
        try:
            with self._ledgers.reading(name) as ledger:
                plans = account_plans(ledger)
                is_due = plans is not None and (
                    has_due_cycle(plans, now_us=now)
                    or has_due_packs(plans, now_us=now)
                    or self._recharges.is_pending(ledger)
                )
            if is_due:
                with self._folder.ledger(name) as writer:
                    self._record(writer, now=now)
        finally:
            if not was_open:
                account.close_if_idle(0)
        self._known[name] = (self._changed_ns(name), _next_us(plans, now=now))

    def _record(self, ledger: Ledger, *, now: int) -> None:
        plans = account_plans(ledger)
        if plans is None:
            return
        record_due_packs(ledger, plans, now_us=now)
        self._recharges.buy(ledger, now_us=now)
        for statement in close_due(ledger, now_us=now):
            _log.info("Statement %s of account %s closed.", statement.number, ledger.account.name)

    def _is_quiet(self, name: str, *, now: int) -> bool:
        changed_ns, next_us = self._known.get(name, (-1, 0))
        return changed_ns == self._changed_ns(name) and now < next_us

    def _changed_ns(self, name: str) -> int:
        return self._ledgers.folder.existing_file(name).stat().st_mtime_ns


def _next_us(plans: AccountPlans | None, *, now: int) -> int:
    if plans is None:
        return NEVER_US
    ends = [each.cycle.end_us for each in timeline(plans.terms, now + 1)[-2:]]
    return min((at for end in ends for at in (end, end + plans.grace_us) if at > now), default=NEVER_US)
