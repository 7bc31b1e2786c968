"""Attributes after an erasure: policies exclude the same events, and none name the customer."""

import json
import re
from collections.abc import Iterable

import pyarrow as pa

from botmeter.ledger.duckdb_calls import execute_with
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.statements import statements_of
from botmeter.metering.arrange import has_flag

sql = statements_of(__name__)

# A shorter id, such as `7`, can't be told from other values.
_LONG_ID = 6
# Texts and numbers of JSON.
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*')
_COLUMNS = ("source", "event_id", "attributes")
_Row = tuple[str, str, str]


def store_attributes(ledger: Ledger, ids: list[str], *, customer: str, pseudonym: str) -> None:
    """Create `erased_attributes`, one row per event whose attributes change.

    Args:
        ids: All ids of the customer.
        customer: The one that counts.
    """
    rows = [*_flags(ledger, customer), *_mentions(ledger, ids, customer=customer, pseudonym=pseudonym)]
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    table = pa.table([pa.array(column, pa.string()) for column in columns], names=_COLUMNS)
    execute_with(ledger.connection, sql("erased_attributes"), input_rows=table)


def _flags(ledger: Ledger, customer: str) -> Iterable[_Row]:
    flags = sorted({flag for in_force in ledger.schedule for flag in in_force.policy.exclude} - {"preview"})
    if not flags:
        return
    for source, event_id, attributes in ledger.connection.execute(sql("own"), {"customer": customer}).fetchall():
        kept = {flag: True for flag in flags if has_flag(attributes, flag)}
        if kept:
            yield source, event_id, _text(kept)


def _mentions(ledger: Ledger, ids: list[str], *, customer: str, pseudonym: str) -> Iterable[_Row]:
    long_ids = [each for each in ids if len(each) >= _LONG_ID]
    if not long_ids:
        return
    values = {"customer": customer, "texts": [json.dumps(each, ensure_ascii=False)[1:-1] for each in long_ids]}
    for source, event_id, attributes in ledger.connection.execute(sql("naming"), values).fetchall():
        after = _without(attributes, long_ids, pseudonym=pseudonym)
        if after != attributes:
            yield source, event_id, after


def _without(attributes: str, ids: list[str], *, pseudonym: str) -> str:
    # As a whole word, so that erasing c1 does not touch c12.
    named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ids))})(?!\w)")

    def replaced(token: re.Match[str]) -> str:
        if token[0] in ids:
            return _text(pseudonym)
        before = json.loads(token[0]) if token[0].startswith('"') else ""
        after = named.sub(pseudonym, before)
        return token[0] if after == before else _text(after)

    return _TOKENS.sub(replaced, attributes)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
