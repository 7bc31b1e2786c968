"""Recharge: packs that a plan buys by itself while sessions come.

The purchases that are due become facts once; rating never buys.
"""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.billing.balance import Balance
from botmeter.billing.beyond import ZERO
from botmeter.billing.cycle_facts import CycleFacts, PackPurchase
from botmeter.billing.due_packs import expiry_of
from botmeter.billing.funding_pass import FundingPass, Snapshot, TermSpan
from botmeter.billing.grants import grants_of, pack_grant
from botmeter.billing.meter_sessions import MeterSessions, meter_sessions
from botmeter.billing.plan import Recharge
from botmeter.billing.plan_terms import AccountCycle
from botmeter.billing.rated import Carried, CarriedGrant
from botmeter.domain.money import exact


def recharges_due(
    account_cycle: AccountCycle,
    sessions: Sequence[pa.Table],
    *,
    facts: CycleFacts,
    carried: Carried,
    after_us: int | None = None,
) -> tuple[PackPurchase, ...]:
    """Purchases that the recharge of a plan makes in a cycle, beside those recorded.

    After each session that starts later than `after_us` (µs UTC; None: after each), fewer units left than `below` buy
    once, dated at the start of that session.
    """
    count = max(len(term.plan.meters) for term in account_cycle.terms)
    due: list[PackPurchase] = []
    with exact():
        for number in range(count):
            funded = meter_sessions(account_cycle, number, tables=sessions[number : number + 1], facts=facts)
            if len(funded.starts) and any(span.meter.recharge for span in funded.spans):
                held = grants_of(account_cycle, number, facts=facts, carried=carried.of(number))
                recharging = _Recharging(account_cycle, funded, held=held, facts=facts)
                due += recharging.run(_keys(sessions[number], funded), after_us=after_us)
    return tuple(due)


class _Recharging:
    """A pass that buys: a purchase is usable by all sessions of its instant, so the pass returns to the first."""

    def __init__(
        self, account_cycle: AccountCycle, sessions: MeterSessions, *, held: Sequence[CarriedGrant], facts: CycleFacts
    ) -> None:
        self._account_cycle, self._sessions = account_cycle, sessions
        self._pass = FundingPass(sessions.starts, Balance(held))
        cycle = account_cycle.cycle
        bought = facts.purchases_in(sessions.meter, start_us=cycle.start_us, end_us=cycle.end_us)
        recharged = [each for each in bought if each.how == "recharge"]
        self._recharged_packs = sum(each.packs for each in recharged)
        self._recorded_keys = {each.opening_key for each in recharged if each.opening_key is not None}
        self._snapshots: list[Snapshot] = []
        self._next_check = 0
        self.due: list[PackPurchase] = []

    def run(self, keys: npt.NDArray[np.uint64] | None, *, after_us: int | None) -> list[PackPurchase]:
        starts, funding_pass = self._sessions.starts, self._pass
        self._next_check = 0 if after_us is None else int(np.searchsorted(starts, after_us, side="right"))
        for span in self._sessions.spans:
            while (first := funding_pass.at) < span.end:
                self._remember()
                funding_pass.balance.advance(int(starts[first]))
                before = funding_pass.balance.total
                funding_pass.step(span)
                while (trigger := self._trigger(span, first, before=before)) is not None:
                    self._next_check = trigger + 1
                    key = None if keys is None else int(keys[trigger])
                    if key is None or key not in self._recorded_keys:
                        self._buy(span, trigger, key=key)
                        break
            funding_pass.end_span(span)
        return self.due

    def _remember(self) -> None:
        starts, at = self._sessions.starts, self._pass.at
        if not at or starts[at] != starts[at - 1]:
            self._snapshots.clear()
            self._pass.balance.forget_marks()
        self._snapshots.append(self._pass.snapshot())

    def _trigger(self, span: TermSpan, first: int, *, before: Decimal) -> int | None:
        # First session of the step that may buy and leaves too little: the units left never grow within a step.
        recharge = span.meter.recharge
        if recharge is None or self._pass.balance.total >= recharge.below or not self._may_buy(recharge):
            return None
        enough = max(ZERO, (before - recharge.below) // span.meter.weight)
        position = max(first + int(enough), self._next_check)
        return position if position < self._pass.at else None

    def _may_buy(self, recharge: Recharge) -> bool:
        most = recharge.most_per_cycle
        return most is None or self._recharged_packs + recharge.packs <= most

    def _buy(self, span: TermSpan, trigger: int, *, key: int | None) -> None:
        starts, pack, recharge = self._sessions.starts, span.meter.pack, span.meter.recharge
        if pack is None or recharge is None:
            return
        at_us = int(starts[trigger])
        purchase = PackPurchase(
            meter=self._sessions.meter,
            how="recharge",
            packs=recharge.packs,
            pack_units=Decimal(pack.sessions),
            pack_price=pack.price,
            from_us=at_us,
            expires_us=expiry_of(pack, self._account_cycle, at_us=at_us),
            opening_key=key,
        )
        self.due.append(purchase)
        self._recharged_packs += purchase.packs
        same_instant = int(np.searchsorted(starts, at_us, side="left"))
        while self._snapshots[-1].at > same_instant:
            self._snapshots.pop()
        self._pass.restore(self._snapshots.pop())
        balance = self._pass.balance
        balance.forfeit(at_us)
        grant = pack_grant(purchase)
        balance.add(CarriedGrant(grant=grant, left=grant.units))


def _keys(table: pa.Table, sessions: MeterSessions) -> npt.NDArray[np.uint64] | None:
    if "opening_key" not in table.column_names:
        return None
    keys = table["opening_key"].to_numpy()
    return keys if sessions.charged is None else keys[sessions.charged]
