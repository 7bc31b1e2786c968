"""Small tables of a lake, which the driver of a run has in memory and writes whole."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa

from botmeter.lake.conversations import ConversationUsageKey
from botmeter.lake.delta import LakeFile
from botmeter.lake.files import read_table
from botmeter.lake.layout import SCHEMAS
from botmeter.lake.remeter_keys import UsageKey
from botmeter.lake.root import LakeRoot
from botmeter.metering.touchpoints import Footprints, Touchpoint, Touchpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallTables:
    """Numbers of touchpoints and footprints, counts by day, and names of bots with the instant that bore them."""

    touchpoints: Touchpoints
    footprints: Footprints
    session_usage: dict[UsageKey, int]
    conversation_usage: dict[ConversationUsageKey, int]
    bot_names: dict[str, tuple[int, str]]

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
            session_usage={
                (day, footprint, opening, preview): count
                for day, footprint, opening, preview, count in _rows(tables["session_usage"])
            },
            conversation_usage={
                (day, footprint, preview): count
                for day, footprint, preview, count in _rows(tables["conversation_usage"])
            },
            bot_names={
                row["bot_id"]: (row["named_at"], row["bot_name"]) for row in tables["bot_name_sent"].to_pylist()
            },
        )

    def add_usage(self, usages: Iterable[dict[UsageKey, int]], *, sign: int = 1) -> None:
        for usage in usages:
            for key, count in usage.items():
                self.session_usage[key] = self.session_usage.get(key, 0) + sign * count

    def add_conversation_usage(self, usages: Iterable[dict[ConversationUsageKey, int]], *, sign: int = 1) -> None:
        for usage in usages:
            for key, count in usage.items():
                self.conversation_usage[key] = self.conversation_usage.get(key, 0) + sign * count

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
            "session_usage": _table("session_usage", _counted(self.session_usage)),
            "conversation_usage": _table("conversation_usage", _counted(self.conversation_usage)),
            "bot_name_sent": _table("bot_name_sent", [(bot_id, name, at) for bot_id, (at, name) in names]),
        }


_NAMES = ("touchpoint", "footprint_member", "session_usage", "conversation_usage", "bot_name_sent")


def _rows(table: pa.Table) -> Iterable[tuple[Any, ...]]:
    columns = [
        (table[name].cast(pa.int32()) if pa.types.is_date(table[name].type) else table[name]).to_pylist()
        for name in table.column_names
    ]
    return zip(*columns, strict=True)


def _counted(usage: Mapping[Any, int]) -> list[tuple[Any, ...]]:
    return [(*key, count) for key, count in sorted(usage.items()) if count]


def _table(name: str, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    schema = SCHEMAS[name]
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    arrays = [
        pa.array(values, pa.int32()).cast(field.type) if pa.types.is_date(field.type) else pa.array(values, field.type)
        for values, field in zip(columns, schema, strict=True)
    ]
    return pa.table(arrays, schema=schema)
