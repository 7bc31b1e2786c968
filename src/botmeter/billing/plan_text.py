"""Plans as TOML or JSON. Amounts are texts such as `"49.00"`, since a float would change them."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date
from decimal import Decimal
from typing import Any, cast

import msgspec

from botmeter.billing.plan import (
    Allowance,
    Beyond,
    CycleRule,
    Meter,
    Pack,
    Plan,
    Published,
    Recharge,
    Tier,
    meter_key,
)
from botmeter.domain.errors import Refused
from botmeter.metering.definition_text import (
    Reader,
    Readers,
    Section,
    arguments,
    changed,
    converter,
    parsed,
    toml_value,
)

# A sign, so that the plan's own check names a negative amount.
_DECIMAL = re.compile(r"-?\d{1,40}(\.\d{1,40})?", re.ASCII)
# `fromisoformat` alone also accepts 20261122 and 2026-W47-7.
_DAY_TEXT = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_UNNAMED = "custom"
_PUBLISHED_KEYS = tuple(field.name for field in fields(Published))


def plan_from_text(text: str, *, name_hint: str = _UNNAMED) -> Plan:
    """Parse a plan from TOML or JSON; `name_hint` names an unnamed one.

    Raises:
        Refused: `plan_invalid`, naming the key or line.
    """
    named = name_hint if name_hint.isprintable() and "@" not in name_hint else ""
    return plan_from_mapping({"name": named[:64] or _UNNAMED, **parsed(text, noun="plan", refusal=_refusal)})


def plan_from_mapping(data: Mapping[str, object]) -> Plan:
    """Build a plan from the keys of a plan file.

    Raises:
        Refused: `plan_invalid` for an unknown key, a missing one, or a wrong type.
    """
    section = Section(refusal=_refusal, subject=f"Plan {data.get('name', _UNNAMED)!r:.70}")
    read = {"name": _UNNAMED, **arguments(data, _READERS, section=section)}
    _check_required(("currency",), read, section=section)
    published = {key: read.pop(key) for key in _PUBLISHED_KEYS if key in read}
    if published:
        _check_required(("source", "seen_on"), published, section=section)
        read["published"] = Published(**published)
    read |= read.pop("fixed", {}) | read.pop("tax", {})
    meters = read.pop("meter", None)
    return Plan(**read, **({} if meters is None else {"meters": meters}))


def _refusal(sentence: str) -> Refused:
    return Refused("plan_invalid", sentence)


def plan_as_mapping(plan: Plan) -> dict[str, object]:
    """Keys of a plan file, without defaults but for the version."""
    values = changed(plan) | {"version": plan.version}
    written: dict[str, object] = {key: values[key] for key in ("name", "version", "currency", "title") if key in values}
    if plan.published is not None:
        written |= changed(plan.published)
    written["cycle"] = changed(plan.cycle)
    meters = [_plain(meter) for meter in plan.meters]
    written["meter"] = [] if meters == [{}] else meters
    written["fixed"] = {key: _plain(values[key]) for key in ("fee", "minimum") if key in values}
    written["tax"] = {} if plan.tax_rate is None else {"rate": _plain(plan.tax_rate)}
    return {key: value for key, value in written.items() if value not in ({}, [])}


def plan_as_json(plan: Plan) -> str:
    """Canonical JSON: sorted keys, no blanks."""
    return msgspec.json.encode(plan_as_mapping(plan), order="sorted").decode()


def plan_as_toml(plan: Plan) -> str:
    """Format a plan as TOML, a table per part."""
    written = plan_as_mapping(plan)
    meters = cast(list[dict[str, object]], written.pop("meter", []))
    after = [_table(f"[{key}]", written.pop(key)) for key in ("fixed", "tax") if key in written]
    cycle = [_table("[cycle]", written.pop("cycle"))] if "cycle" in written else []
    return "\n".join([_lines(written), *cycle, *map(_meter_table, meters), *after])


def _meter_table(meter: dict[str, object]) -> str:
    tables = {key: value for key, value in meter.items() if isinstance(value, dict)}
    own = {key: value for key, value in meter.items() if key not in tables}
    return "\n".join([_table("[[meter]]", own), *(_table(f"[meter.{key}]", value) for key, value in tables.items())])


def _table(head: str, keys: object) -> str:
    return f"{head}\n{_lines(cast(dict[str, object], keys))}"


def _lines(keys: Mapping[str, object]) -> str:
    return "".join(
        f"{key} = {value if isinstance(value, date) else toml_value(value)}\n" for key, value in keys.items()
    )


def _plain(value: Any) -> object:
    match value:
        case Decimal():
            return f"{value:f}"
        case tuple():
            return [_plain(each) for each in value]
        case Meter() | Allowance() | Pack() | Recharge() | Beyond() | Tier():
            kept = changed(value)
            # A key without a default is always written, and the kind of `beyond` if it has another key.
            if isinstance(value, Beyond) and kept:
                kept = {"kind": value.kind, **kept}
            return {key: _plain(inner) for key, inner in kept.items()}
        case _:
            return value


def _check_required(keys: tuple[str, ...], read: Mapping[str, object], *, section: Section) -> None:
    for key in keys:
        if key not in read:
            raise section.refused(f"{section.prefix}{key} is missing.")


def _decimal(_section: Section, value: object) -> Decimal:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise ValueError
    return Decimal(value)


def _day(_section: Section, value: object) -> date:
    if isinstance(value, str) and _DAY_TEXT.fullmatch(value):
        return date.fromisoformat(value)
    if type(value) is not date:
        raise ValueError
    return value


def _table_reader(kind: Any, readers: Readers, *, prefix: str) -> Reader:
    required = tuple(field.name for field in fields(kind) if field.default is field.default_factory is MISSING)

    def table(section: Section, value: object) -> object:
        within = section.within(prefix)
        read = arguments(msgspec.convert(value, dict[str, object]), readers, section=within)
        _check_required(required, read, section=within)
        return kind(**read)

    return table


def _tiers(section: Section, value: object) -> tuple[object, ...]:
    tables = msgspec.convert(value, list[dict[str, object]])
    return tuple(
        _table_reader(Tier, _TIER_READERS, prefix=f"tier {number} ")(section, table)
        for number, table in enumerate(tables, start=1)
    )


def _meters(section: Section, value: object) -> tuple[object, ...]:
    tables = msgspec.convert(value, list[dict[str, object]])
    return tuple(
        _table_reader(Meter, _METER_READERS, prefix=meter_key(number, len(tables)))(section, table)
        for number, table in enumerate(tables)
    )


def _fixed(section: Section, value: object) -> object:
    return arguments(msgspec.convert(value, dict[str, object]), _FIXED_READERS, section=section.within("fixed."))


def _tax(section: Section, value: object) -> object:
    within = section.within("tax.")
    read = arguments(msgspec.convert(value, dict[str, object]), {"rate": _AMOUNT}, section=within)
    _check_required(("rate",), read, section=within)
    return {"tax_rate": read["rate"]}


_TEXT = ("a text", converter(str))
_WHOLE = ("a whole number", converter(int))
_FLAG = ("true or false", converter(bool))
_DAY = ("a day such as 2026-01-31", _day)
_AMOUNT = ('a decimal number in quotes, such as "0.10"', _decimal)

_FIXED_READERS: Readers = {"fee": _AMOUNT, "minimum": _AMOUNT}
_TIER_READERS: Readers = {"up_to": _WHOLE, "price": _AMOUNT, "flat": _AMOUNT}
_CYCLE_READERS: Readers = {"every": _TEXT, "anchor": _DAY, "timezone": _TEXT, "prorate": _FLAG}
_ALLOWANCE_READERS: Readers = {"sessions": _WHOLE, "per": _TEXT, "forfeited_on_purchase": _FLAG}
_PACK_READERS: Readers = {
    "sessions": _WHOLE,
    "price": _AMOUNT,
    "lapses": _TEXT,
    "recurring": _FLAG,
    "least_per_cycle": _WHOLE,
}
_RECHARGE_READERS: Readers = {"below": _WHOLE, "packs": _WHOLE, "most_per_cycle": _WHOLE}
_BEYOND_READERS: Readers = {
    "kind": _TEXT,
    "price": _AMOUNT,
    "sessions": _WHOLE,
    "tiers": ("a list of tables with price, and up_to but for the last", _tiers),
    "cap": _AMOUNT,
}
_METER_READERS: Readers = {
    "policies": ("a list of texts", converter(tuple[str, ...])),
    "weight": _AMOUNT,
    "previews": _TEXT,
    "test": _TEXT,
    "allowance": ("a table", _table_reader(Allowance, _ALLOWANCE_READERS, prefix="allowance.")),
    "pack": ("a table", _table_reader(Pack, _PACK_READERS, prefix="pack.")),
    "recharge": ("a table", _table_reader(Recharge, _RECHARGE_READERS, prefix="recharge.")),
    "beyond": ("a table", _table_reader(Beyond, _BEYOND_READERS, prefix="beyond.")),
}
_READERS: Readers = {
    "name": _TEXT,
    "version": _WHOLE,
    "currency": _TEXT,
    "title": _TEXT,
    "source": _TEXT,
    "seen_on": _DAY,
    "effective_from": _DAY,
    "effective_to": _DAY,
    "confidence": _TEXT,
    "cycle": ("a table", _table_reader(CycleRule, _CYCLE_READERS, prefix="cycle.")),
    "meter": ("a list of [[meter]] tables", _meters),
    "fixed": ("a table with fee or minimum", _fixed),
    "tax": ("a table with rate", _tax),
}


def _keys(readers: Readers, *, prefix: str = "") -> tuple[str, ...]:
    tables: dict[str, Readers] = {
        "cycle.": _CYCLE_READERS,
        "meter.": _METER_READERS,
        "fixed.": _FIXED_READERS,
        "tax.": {"rate": _AMOUNT},
    }
    tables |= {"meter.allowance.": _ALLOWANCE_READERS, "meter.pack.": _PACK_READERS}
    tables |= {"meter.recharge.": _RECHARGE_READERS, "meter.beyond.": _BEYOND_READERS}
    names = (f"{prefix}{key}" for key in readers)
    return tuple(key for name in names for key in (name, *_keys(tables.get(f"{name}.", {}), prefix=f"{name}.")))


PLAN_KEYS = _keys(_READERS)
"""Every key of a plan file, in the order in which they are documented."""
