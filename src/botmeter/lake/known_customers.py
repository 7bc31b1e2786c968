"""Merged customers, and erased ones whose events are duplicates, for the new events of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.lake.delta import LakeFile
from botmeter.lake.files import read_table
from botmeter.lake.root import LakeRoot
from botmeter.lake.task_database import task_database
from botmeter.ledger.duckdb_calls import execute_with
from botmeter.ledger.statements import statements_of
from botmeter.metering.columns import repeated_text

sql = statements_of("botmeter.ledger.event_rows")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCustomers:
    """Merged and erased customers.

    Attributes:
        counted: Customer that counts, by alias in force.
        erased_keys: Keys of erased events, as in the lake's `erased_key`.
    """

    counted: Mapping[str, str]
    erased_keys: tuple[int, ...]

    @classmethod
    def read(cls, root: LakeRoot, stored: Mapping[str, Sequence[LakeFile]]) -> Self:
        aliases = read_table(root, "customer_alias", files=stored["customer_alias"])
        in_force = aliases.filter(pc.is_null(aliases["undone_no"]))
        named = dict(zip(in_force["customer_id"].to_pylist(), in_force["same_as"].to_pylist(), strict=True))
        if named:
            from botmeter.ledger.customers import final_customer
        erased = read_table(root, "erased_key", files=stored["erased_key"])
        return cls(
            counted={alias: final_customer(named, alias) for alias in named},
            erased_keys=tuple(erased["event_key"].to_pylist()),
        )

    def resolved(self, events: pa.Table) -> pa.Table:
        """Put the customers that count in place of aliases, which go to `sent_customer_id`."""
        if not self.counted:
            return events.append_column("sent_customer_id", pa.nulls(len(events), pa.string()))
        place = events.schema.get_field_index("customer_id")
        kind = events.schema.field(place).type
        sent = events["customer_id"].cast(pa.string()).combine_chunks()
        index = pc.index_in(sent, value_set=pa.array(list(self.counted)))
        customers = pc.coalesce(pa.array(list(self.counted.values())).take(index), sent)
        return events.set_column(place, "customer_id", customers.cast(kind)).append_column(
            "sent_customer_id", pc.if_else(pc.is_valid(index), sent, None)
        )

    def without_erased(self, events: pa.Table, *, source: str) -> pa.Table:
        """Leave out events of erased customers."""
        if not self.erased_keys:
            return events
        ids = pa.table({"source": repeated_text(source, len(events)), "event_id": events["event_id"]})
        with task_database() as connection:
            keys = execute_with(connection, sql("event_keys"), input_rows=ids).fetchnumpy()["event_key"]
        is_erased = np.isin(keys, np.array(self.erased_keys, np.int64).view(np.uint64))
        return events.filter(pa.array(~is_erased))


def as_sent(events: pa.Table) -> pa.Table:
    """Put the customers that were sent in the place of those that count."""
    place = events.schema.get_field_index("customer_id")
    kind = events.schema.field(place).type
    sent = pc.coalesce(events["sent_customer_id"].cast(pa.string()), events["customer_id"].cast(pa.string()))
    return events.set_column(place, "customer_id", sent.cast(kind)).drop_columns(["sent_customer_id"])
