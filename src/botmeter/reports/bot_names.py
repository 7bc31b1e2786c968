"""Names of bots."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from botmeter.ledger.statements import statements_of
from botmeter.reports.snapshot import Snapshot

if TYPE_CHECKING:
    from botmeter.metering.touchpoints import Touchpoint

sql = statements_of(__name__)


class BotNames(dict[str, str]):
    """Names of bots by id; a bot without a name has its id."""

    def __missing__(self, bot_id: str) -> str:
        return bot_id

    def at(self, touchpoints: "Iterable[Touchpoint]") -> tuple[str, ...]:
        return tuple(sorted({self[each.bot_id] for each in touchpoints if each.bot_id is not None}))


def bot_names(snapshot: Snapshot) -> BotNames:
    """Latest name of each bot."""
    return BotNames(snapshot.rows(sql("bot_names"), {}))
