"""Merged customers: aliases, their removal, and their effect on sessions.

Aliases are resolved when events are read, so any merge can be undone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from botmeter.domain.errors import Conflict, Missing, Refused, TooMuch
from botmeter.domain.event import ID_BYTES_MAX
from botmeter.ledger.duckdb_calls import execute_with, records_of, row_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.remeter import remeter_customers
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

PAIRS_MAX = 1_000
"""Limit of aliases in one change, because other writers wait until it is metered."""

FAULTS_LISTED_MAX = 20
"""A message has the faults of this many pairs at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SameCustomer:
    """Alias and its customer; `label` is its position in the request (`line 3`)."""

    customer_id: str
    alias: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChange:
    """Result of a merge or its undoing.

    Attributes:
        number: From 1; None: nothing changed.
        waits: The next run of the account's lake applies it; the counts are unknown.
    """

    number: int | None
    pairs: tuple[SameCustomer, ...]
    event_count: int = 0
    before_count: int = 0
    after_count: int = 0
    restated_day_count: int = 0
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAlias:
    """Alias, with the changes that set and undid it.

    Attributes:
        same_as: Named customer.
        customer_id: Resolved customer; None: undone.
        set_at, undone_at: µs UTC.
        undone_no: None: in force.
    """

    alias: str
    same_as: str
    customer_id: str | None
    merge_no: int
    set_at: int
    set_by: str | None
    undone_no: int | None
    undone_at: int | None
    undone_by: str | None


def merge_customers(
    ledger: Ledger, pairs: Sequence[SameCustomer], *, now_us: int, by: str | None = None
) -> CustomerChange:
    """Count all events under an alias, past and future, as its customer's: all pairs or none.

    Sessions are metered again and past days restated.

    Raises:
        Refused: `merge_invalid` for no pair, an invalid id, an id that is its own alias, or a circle.
        Conflict: `customer_merged` for an alias of another customer.
        TooMuch: `merge_too_large` over `PAIRS_MAX`.
    """
    ledger.refuse_in_lake("Its customers can't be merged")
    with ledger.transaction():
        return _merge(ledger, pairs, now_us=now_us, by=by)


def merge_preview(ledger: Ledger, pairs: Sequence[SameCustomer], *, now_us: int) -> CustomerChange:
    """As `merge_customers`, without the merge."""
    ledger.refuse_in_lake("Its customers can't be merged")
    with ledger.dry_run():
        return _merge(ledger, pairs, now_us=now_us, by=None)


def unmerge_customers(ledger: Ledger, aliases: Sequence[str], *, now_us: int, by: str | None = None) -> CustomerChange:
    """Undo aliases: their events count as they were sent.

    Raises:
        Missing: `alias_unknown`.
        Refused: `merge_invalid` for no alias.
        TooMuch: `merge_too_large` over `PAIRS_MAX`.
    """
    ledger.refuse_in_lake("Its customers can't be unmerged")
    with ledger.transaction():
        pairs = pairs_in_force(aliases, aliases_in_force(ledger), account=ledger.account.name)
        return _apply(ledger, pairs, is_undone=True, now_us=now_us, by=by)


def pairs_in_force(aliases: Sequence[str], in_force: Mapping[str, str], *, account: str) -> tuple[SameCustomer, ...]:
    """Pairs of aliases to undo; raise as `unmerge_customers`."""
    _check_count(len(aliases))
    unknown = [alias for alias in aliases if alias not in in_force]
    if unknown:
        raise Missing("alias_unknown", f"{unknown[0][:60]!r} is not an alias in account {account}.")
    return tuple(SameCustomer(customer_id=in_force[alias], alias=alias) for alias in dict.fromkeys(aliases))


def new_pairs(pairs: Sequence[SameCustomer], in_force: Mapping[str, str]) -> tuple[SameCustomer, ...]:
    """Pairs that are not in force; raise as `merge_customers`."""
    _check_count(len(pairs))
    found, faults = _new_pairs(pairs, in_force)
    _refuse(faults)
    return tuple(found)


def aliases_of_merge(ledger: ReadableLedger, merge_no: int) -> tuple[str, ...]:
    """Merge's aliases in force.

    Raises:
        Missing: `merge_unknown` if there are none.
    """
    own = tuple(one.alias for one in customer_aliases(ledger) if one.merge_no == merge_no and one.undone_no is None)
    if not own:
        raise Missing("merge_unknown", f"Account {ledger.account.name} has no merge {merge_no} in force.")
    return own


def customer_aliases(ledger: ReadableLedger) -> list[CustomerAlias]:
    """All aliases, newest change first."""
    return records_of(CustomerAlias, ledger.connection.execute(sql("aliases")).fetchall())


def counted_customer(ledger: ReadableLedger, customer_id: str) -> str:
    """Customer that counts for an id."""
    return str(row_of(ledger.connection, sql("counted_customer"), values={"customer": customer_id})[0])


def other_ids(ledger: ReadableLedger, customer_id: str) -> list[str]:
    """Aliases in force of a customer, ascending."""
    rows = ledger.connection.execute(sql("ids_of"), {"customer": customer_id}).fetchall()
    return [alias for (alias,) in rows]


def _merge(ledger: Ledger, pairs: Sequence[SameCustomer], *, now_us: int, by: str | None) -> CustomerChange:
    added = new_pairs(pairs, aliases_in_force(ledger))
    if not added:
        return CustomerChange(number=None, pairs=())
    return _apply(ledger, added, is_undone=False, now_us=now_us, by=by)


def _apply(
    ledger: Ledger, pairs: tuple[SameCustomer, ...], *, is_undone: bool, now_us: int, by: str | None
) -> CustomerChange:
    connection = ledger.connection
    number = next_change_no(ledger)
    connection.execute(sql("before"))
    values = {"number": number, "now": now_us, "by": by}
    if is_undone:
        connection.execute(sql("undo_aliases"), values | {"aliases": [pair.alias for pair in pairs]})
    else:
        aliases = pa.table(
            {"customer_id": [pair.alias for pair in pairs], "same_as": [pair.customer_id for pair in pairs]}
        )
        execute_with(connection, sql("insert_aliases"), input_rows=aliases, values=values)
    connection.execute(sql("moves"))
    before_count = row_of(connection, sql("session_count"))[0]
    event_count = remeter_customers(ledger, change_no=number, now_us=now_us)
    return CustomerChange(
        number=number,
        pairs=pairs,
        event_count=event_count,
        before_count=before_count,
        after_count=row_of(connection, sql("session_count"))[0],
        restated_day_count=row_of(connection, sql("restated_days"), values={"number": number})[0],
    )


def next_change_no(ledger: ReadableLedger) -> int:
    """Number of the next merge or undo."""
    return int(row_of(ledger.connection, sql("next_change"))[0])


def aliases_in_force(ledger: ReadableLedger) -> dict[str, str]:
    """Customer named for each alias."""
    return dict(ledger.connection.execute(sql("aliases_in_force")).fetchall())


_Fault = tuple[str, type[Refused]]


def _new_pairs(pairs: Sequence[SameCustomer], in_force: Mapping[str, str]) -> tuple[list[SameCustomer], list[_Fault]]:
    known = dict(in_force)
    found: list[SameCustomer] = []
    faults: list[_Fault] = []
    for pair in pairs:
        fault = _pair_fault(pair, known)
        if fault is not None:
            sentence, kind = fault
            faults.append((f"{pair.label}: {sentence}" if pair.label else sentence, kind))
        elif pair.alias not in known:
            known[pair.alias] = pair.customer_id
            found.append(pair)
    return found, faults


def _pair_fault(pair: SameCustomer, known: dict[str, str]) -> _Fault | None:
    for what, text in (("customer", pair.customer_id), ("alias", pair.alias)):
        try:
            size_bytes = len(text.encode())
        except UnicodeEncodeError:
            return f"the {what} {text[:60]!r} is not Unicode", Refused
        if not 0 < size_bytes <= ID_BYTES_MAX:
            return f"the {what} has {size_bytes:,} bytes; an id has 1 to {ID_BYTES_MAX}", Refused
    if pair.alias == pair.customer_id:
        return f"{pair.alias[:60]!r} can't be an alias of itself", Refused
    customer = final_customer(known, pair.customer_id)
    if pair.alias not in known and customer == pair.alias:
        return f"{pair.customer_id[:60]!r} is already an alias of {pair.alias[:60]!r}", Refused
    if pair.alias in known and customer != final_customer(known, pair.alias):
        other = known[pair.alias][:60]
        sentence = f"{pair.alias[:60]!r} is already merged into {other!r}; undo that first, or merge {other!r}"
        return sentence, Conflict
    return None


def final_customer(known: Mapping[str, str], customer_id: str) -> str:
    """Customer that counts for an id, by the customers named for aliases."""
    while customer_id in known:
        customer_id = known[customer_id]
    return customer_id


def _refuse(faults: list[_Fault]) -> None:
    if not faults:
        return
    text = faults_text([sentence for sentence, _ in faults])
    if all(kind is Conflict for _, kind in faults):
        raise Conflict("customer_merged", f"No customers were merged: {text}.")
    raise Refused("merge_invalid", f"No customers were merged: {text}.")


def faults_text(faults: Sequence[str]) -> str:
    """Join the first faults, and count the others."""
    more = f"; and {len(faults) - FAULTS_LISTED_MAX:,} more" if len(faults) > FAULTS_LISTED_MAX else ""
    return f"{'; '.join(faults[:FAULTS_LISTED_MAX])}{more}"


def _check_count(count: int) -> None:
    if count > PAIRS_MAX:
        raise TooMuch("merge_too_large", f"{count:,} aliases are too many in one change; the limit is {PAIRS_MAX:,}.")
    if count == 0:
        raise Refused("merge_invalid", "Name at least one alias.")
