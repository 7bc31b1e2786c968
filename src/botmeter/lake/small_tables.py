"""Small tables of a lake, which the driver of a run has in memory and writes whole."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.lake.conversations import ConversationUsageKey
from botmeter.lake.delta import LakeFile
from botmeter.lake.files import read_table
from botmeter.lake.layout import SCHEMAS
from botmeter.lake.remetered import UsageKey
from botmeter.lake.root import LakeRoot
from botmeter.metering.touchpoints import Footprints, Touchpoint, Touchpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallTables:
    """Numbers of touchpoints and footprints, counts by day, and names of bots with the instant that bore them.

    Attributes:
        stored: Their rows as they were read, by table.
        session_changes, conversation_changes: Counts to add to `session_usage` and `conversation_usage`.
    """

    touchpoints: Touchpoints
    footprints: Footprints
    stored: Mapping[str, pa.Table]
    bot_names: dict[str, tuple[int, str]]
    session_changes: Counter[UsageKey] = field(default_factory=Counter)
    conversation_changes: Counter[ConversationUsageKey] = field(default_factory=Counter)

    @classmethod
    def read(cls, root: LakeRoot, files: Mapping[str, list[LakeFile]]) -> Self:
        tables = {name: read_table(root, name, files=files[name]) for name in _NAMES}
        members: dict[int, list[int]] = {}
        for row in tables["footprint_member"].to_pylist():
            if row["footprint"] < 0:
                members.setdefault(row["footprint"], []).append(row["touchpoint"])
        touchpoints = tables["touchpoint"].sort_by("touchpoint").drop_columns(["touchpoint"]).to_pylist()
        return cls(
            touchpoints=Touchpoints(Touchpoint(**row) for row in touchpoints),
            footprints=Footprints(tuple(sorted(members[number])) for number in sorted(members, reverse=True)),
            stored=tables,
            bot_names={
                row["bot_id"]: (row["named_at"], row["bot_name"]) for row in tables["bot_name_sent"].to_pylist()
            },
        )

    def add_usage(self, usages: Iterable[dict[UsageKey, int]], *, sign: int = 1) -> None:
        for usage in usages:
            for key, count in usage.items():
                self.session_changes[key] += sign * count

    def add_conversation_usage(self, usages: Iterable[dict[ConversationUsageKey, int]], *, sign: int = 1) -> None:
        for usage in usages:
            for key, count in usage.items():
                self.conversation_changes[key] += sign * count

    def add_bot_names(self, names: Iterable[tuple[str, str, int]]) -> None:
        for bot_id, name, at_us in names:
            self.bot_names[bot_id] = max(self.bot_names.get(bot_id, (at_us, name)), (at_us, name))

    def rows(self) -> dict[str, pa.Table]:
        touchpoints, footprints = self.touchpoints.all(), self.footprints.all()
        numbers = np.arange(len(touchpoints), dtype=np.int32)
        members = [(number, number) for number in range(len(touchpoints))]
        members += [(-1 - index, member) for index, own in enumerate(footprints) for member in own]
        names = sorted(self.bot_names.items())
        return {
            "touchpoint": _table(
                "touchpoint", [(number, *touchpoint) for number, touchpoint in zip(numbers, touchpoints, strict=True)]
            ),
            "footprint_member": _table("footprint_member", members),
            "session_usage": self._counted("session_usage", self.session_changes),
            "conversation_usage": self._counted("conversation_usage", self.conversation_changes),
            "bot_name_sent": _table("bot_name_sent", [(bot_id, name, at) for bot_id, (at, name) in names]),
        }

    def _counted(self, name: str, changes: Mapping[Any, int]) -> pa.Table:
        # Rows in order, none of 0.
        *keys, count = SCHEMAS[name].names
        added = _table(name, [(*key, change) for key, change in changes.items() if change])
        if not len(added):
            return self.stored[name]
        summed = pa.concat_tables([self.stored[name], added]).group_by(keys).aggregate([(count, "sum")])
        rows = summed.rename_columns([*keys, count]).filter(pc.field(count) != 0)
        return rows.sort_by([(key, "ascending") for key in keys]).combine_chunks()


_NAMES = ("touchpoint", "footprint_member", "session_usage", "conversation_usage", "bot_name_sent")


def _table(name: str, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    schema = SCHEMAS[name]
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    arrays = [
        pa.array(values, pa.int32()).cast(own.type) if pa.types.is_date(own.type) else pa.array(values, own.type)
        for values, own in zip(columns, schema, strict=True)
    ]
    return pa.table(arrays, schema=schema)
