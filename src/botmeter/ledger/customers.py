"""Which customers are the same: aliases said, taken back, and what that does to the sessions.

An event keeps the customer that was sent, and bears beside it the one that counts. What people said is kept as they
said it, each alias once; whom it leads to in the end is read from that, so a merge can be taken back whatever was
merged after it.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

import pyarrow as pa

from botmeter.domain.errors import Conflict, Missing, Refused, TooMuch
from botmeter.domain.event import ID_BYTES_MAX
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.remeter import remeter_moved
from botmeter.ledger.rows import row_of, write_given
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

PAIRS_MAX = 1_000
"""How many aliases one change may name: it is metered again at once, while others wait to write."""

FAULTS_TOLD_MAX = 20
"""What is wrong with a merge is said of so many pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SameCustomer:
    """An id that is said to be another customer's too.

    Attributes:
        customer_id: The customer who counts.
        alias: The other id, as events have it.
        place: Where it stands in what was sent, such as `line 3`, for sentences; empty: there is but one.
    """

    customer_id: str
    alias: str
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChange:
    """What became of a merge, or of taking one back.

    Attributes:
        number: Changes are numbered from 1; None: all of it was so before, and nothing changed.
        pairs: The aliases that changed, each with the customer that it was said to be.
        event_count: Events that are another customer's now.
        before_count: Sessions of these customers before.
        after_count: Their sessions now.
        restated_day_count: Days that were over and whose sessions changed.
    """

    number: int | None
    pairs: tuple[SameCustomer, ...]
    event_count: int = 0
    before_count: int = 0
    after_count: int = 0
    restated_day_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAlias:
    """One alias that was said at one time.

    Attributes:
        alias: The id.
        same_as: The customer that it was said to be.
        customer_id: Who counts, which is another one where that customer is an alias too; None: it was taken back.
        merge_no: The change that said so.
        set_at: When, µs UTC.
        set_by: Who; None: not known.
        undone_no: The change that took it back; None: it is in force.
        undone_at: When.
        undone_by: Who.
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


class _Undone(Exception):
    """Leaves a transaction that was only to be looked at."""


def merge_customers(
    ledger: Ledger, pairs: Sequence[SameCustomer], *, now_us: int, by: str | None = None
) -> CustomerChange:
    """Has every event that was sent under an alias count as its customer's, those to come too.

    Sessions are metered again for these customers, and days that were over are restated where they change. What was
    said before is no fault and changes nothing.

    Args:
        ledger: The account's ledger, open for writing.
        pairs: One or more; all of them are said, or none.
        now_us: The present instant.
        by: Who says so; None: not known.

    Raises:
        Refused: `merge_invalid` for no pair, or for an id that can't be one, that is its own alias, or that would lead
            in a circle.
        Conflict: `customer_merged` for an alias that is another customer's already.
        TooMuch: `merge_too_large` for more than `PAIRS_MAX` pairs.
    """
    with ledger.transaction():
        return _merged(ledger, pairs, now_us=now_us, by=by)


def merge_preview(ledger: Ledger, pairs: Sequence[SameCustomer], *, now_us: int) -> CustomerChange:
    """What `merge_customers` would do, done and undone: the ledger, open for writing, stays as it is.

    Raises:
        Refused, Conflict, TooMuch: What `merge_customers` raises.
    """
    found: list[CustomerChange] = []
    with suppress(_Undone), ledger.transaction():
        found.append(_merged(ledger, pairs, now_us=now_us, by=None))
        _undo()
    return found[0]


def unmerge_customers(ledger: Ledger, aliases: Sequence[str], *, now_us: int, by: str | None = None) -> CustomerChange:
    """Takes aliases back: their events, and those to come, count again as they were sent.

    Args:
        ledger: The account's ledger, open for writing.
        aliases: One or more.
        now_us: The present instant.
        by: Who says so; None: not known.

    Raises:
        Missing: `alias_unknown` for an id that is no alias.
        Refused: `merge_invalid` for no alias.
        TooMuch: `merge_too_large` for more than `PAIRS_MAX` aliases.
    """
    _check_count(len(aliases))
    with ledger.transaction():
        said = _said(ledger)
        unknown = [alias for alias in aliases if alias not in said]
        if unknown:
            raise Missing("alias_unknown", f"{unknown[0][:60]!r} is no alias of a customer of {ledger.account.name}.")
        pairs = tuple(SameCustomer(customer_id=said[alias], alias=alias) for alias in dict.fromkeys(aliases))
        return _changed(ledger, pairs, is_undone=True, stamp=(now_us, by))


def aliases_of_merge(ledger: ReadableLedger, merge_no: int) -> tuple[str, ...]:
    """The aliases of one merge that are in force, so that it can be taken back as a whole.

    Raises:
        Missing: `merge_unknown` if there are none.
    """
    own = tuple(one.alias for one in customer_aliases(ledger) if one.merge_no == merge_no and one.undone_no is None)
    if not own:
        raise Missing("merge_unknown", f"Account {ledger.account.name} has no merge {merge_no} that is in force.")
    return own


def customer_aliases(ledger: ReadableLedger) -> list[CustomerAlias]:
    """Every alias that was ever said, the newest change first, those taken back included."""
    columns = CustomerAlias.__slots__
    rows = ledger.connection.execute(sql("aliases")).fetchall()
    return [CustomerAlias(**dict(zip(columns, row, strict=True))) for row in rows]


def customer_who_counts(ledger: ReadableLedger, customer_id: str) -> str:
    """The customer whose events those of this id are: the id itself, if it is no alias."""
    return str(row_of(ledger.connection, sql("who_counts"), values={"customer": customer_id})[0])


def other_ids(ledger: ReadableLedger, customer_id: str) -> list[str]:
    """The aliases in force of a customer who counts, ascending."""
    rows = ledger.connection.execute(sql("ids_of"), {"customer": customer_id}).fetchall()
    return [alias for (alias,) in rows]


def _merged(ledger: Ledger, pairs: Sequence[SameCustomer], *, now_us: int, by: str | None) -> CustomerChange:
    _check_count(len(pairs))
    fresh, faults = _looked_through(pairs, _said(ledger))
    _refuse(faults)
    if not fresh:
        return CustomerChange(number=None, pairs=())
    return _changed(ledger, tuple(fresh), is_undone=False, stamp=(now_us, by))


def _changed(
    ledger: Ledger, pairs: tuple[SameCustomer, ...], *, is_undone: bool, stamp: tuple[int, str | None]
) -> CustomerChange:
    connection, (now_us, by) = ledger.connection, stamp
    number = int(row_of(connection, sql("next_change"))[0])
    connection.execute(sql("before"))
    values = {"number": number, "now": now_us, "by": by}
    if is_undone:
        connection.execute(sql("undo"), values | {"aliases": [pair.alias for pair in pairs]})
    else:
        given = {
            "customer_id": pa.array([pair.alias for pair in pairs], pa.string()),
            "same_as": pa.array([pair.customer_id for pair in pairs], pa.string()),
        }
        write_given(connection, sql("keep"), given=pa.table(given), values=values)
    connection.execute(sql("moves"))
    before_count = row_of(connection, sql("session_count"))[0]
    event_count = remeter_moved(ledger, change_no=number, now_us=now_us)
    return CustomerChange(
        number=number,
        pairs=pairs,
        event_count=event_count,
        before_count=before_count,
        after_count=row_of(connection, sql("session_count"))[0],
        restated_day_count=row_of(connection, sql("restated_days"), values={"number": number})[0],
    )


def _said(ledger: ReadableLedger) -> dict[str, str]:
    """The aliases in force, each with the customer that it was said to be."""
    return dict(ledger.connection.execute(sql("said")).fetchall())


_Fault = tuple[SameCustomer, str, type[Refused]]


def _looked_through(pairs: Sequence[SameCustomer], said: dict[str, str]) -> tuple[list[SameCustomer], list[_Fault]]:
    """The pairs that are new, and what is wrong with the others."""
    known = dict(said)
    fresh: list[SameCustomer] = []
    faults: list[_Fault] = []
    for pair in pairs:
        sentence = _invalid(pair, known)
        if sentence:
            faults.append((pair, sentence, Refused))
        elif pair.alias not in known:
            known[pair.alias] = pair.customer_id
            fresh.append(pair)
        elif known[pair.alias] != pair.customer_id and _last(known, pair.alias) != _last(known, pair.customer_id):
            other = known[pair.alias][:60]
            sentence = f"{pair.alias[:60]!r} is the same as {other!r} already; take that back first, or merge {other!r}"
            faults.append((pair, sentence, Conflict))
    return fresh, faults


def _invalid(pair: SameCustomer, known: dict[str, str]) -> str:
    """Why the pair can't be said; empty where it can."""
    for what, said in (("customer", pair.customer_id), ("alias", pair.alias)):
        try:
            size_bytes = len(said.encode())
        except UnicodeEncodeError:
            return f"the {what} {said[:60]!r} is not Unicode"
        if not 0 < size_bytes <= ID_BYTES_MAX:
            return f"the {what} has {size_bytes:,} bytes; an id has from 1 to {ID_BYTES_MAX}"
    if pair.alias == pair.customer_id:
        return f"{pair.alias[:60]!r} can't be an alias of itself"
    if pair.alias not in known and _last(known, pair.customer_id) == pair.alias:
        return f"{pair.customer_id[:60]!r} is the same as {pair.alias[:60]!r} already, the other way round"
    return ""


def _last(known: dict[str, str], customer_id: str) -> str:
    """Whom an id leads to."""
    while customer_id in known:
        customer_id = known[customer_id]
    return customer_id


def _refuse(faults: list[_Fault]) -> None:
    if not faults:
        return
    told = first_faults(list(_sentences(faults)))
    if all(kind is Conflict for _, _, kind in faults):
        raise Conflict("customer_merged", f"Nobody was merged: {told}.")
    raise Refused("merge_invalid", f"Nobody was merged: {told}.")


def first_faults(faults: Sequence[str]) -> str:
    """The first of what is wrong with a merge, and how much more there is."""
    more = f"; and {len(faults) - FAULTS_TOLD_MAX:,} more" if len(faults) > FAULTS_TOLD_MAX else ""
    return f"{'; '.join(faults[:FAULTS_TOLD_MAX])}{more}"


def _sentences(faults: list[_Fault]) -> Iterator[str]:
    for pair, sentence, _ in faults:
        yield f"{pair.place}: {sentence}" if pair.place else sentence


def _check_count(count: int) -> None:
    if count > PAIRS_MAX:
        raise TooMuch("merge_too_large", f"{count:,} aliases are too many at once; the most is {PAIRS_MAX:,}.")
    if count == 0:
        raise Refused("merge_invalid", "No alias is named.")


def _undo() -> NoReturn:
    raise _Undone
