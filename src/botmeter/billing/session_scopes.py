"""Sessions of one bot, channel or cost centre, by what opened them."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.billing.cost_centres import cost_centres_of
from botmeter.domain.cost_centre import CostCentres
from botmeter.ledger.billing.budgets import BudgetScope


def names_of(sessions: pa.Table, scope: BudgetScope, *, centres: CostCentres) -> pa.Array | pa.ChunkedArray:
    """Name of each session's bot, channel or cost centre; null: none."""
    if scope is BudgetScope.COST_CENTRE:
        return cost_centres_of(sessions, centres)
    return sessions["channel" if scope is BudgetScope.CHANNEL else "bot_id"]


def named_sessions(sessions: pa.Table, scope: BudgetScope, *, name: str, centres: CostCentres) -> npt.NDArray[np.bool_]:
    """Mask of the sessions with a name."""
    names = names_of(sessions, scope, centres=centres)
    is_named = pc.fill_null(pc.equal(pc.cast(names, pa.string()), name), False)
    found: npt.NDArray[np.bool_] = np.asarray(is_named.to_numpy(zero_copy_only=False), dtype=np.bool_)
    return found
