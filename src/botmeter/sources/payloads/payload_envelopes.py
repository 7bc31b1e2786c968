"""Payloads inside other programs' objects, such as those of n8n, Direct Line and exporters.

A payload is looked for there only if its object is none of the platform's own.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from botmeter.domain.errors import Refused
from botmeter.sources.payloads.connector import Connector
from botmeter.sources.payloads.payload import refused_payload
from botmeter.sources.payloads.payload_json import has_too_many_values, without_mark
from botmeter.sources.payloads.wrapped import WRAPPER_KEYS

PAYLOADS_MAX: Final = 10_000
"""In one delivery or object. As many of 1 KB fill the largest request; each that is refused is a rejection."""
# An item of n8n (json) with a request (body), passed on by another program (data), of a list (activities).
_LAYERS_MAX: Final = 4
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_]\w{0,39}", re.ASCII)
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)

_Keys = dict[str, msgspec.Raw]
_decode_object = msgspec.json.Decoder(_Keys).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerPayload:
    """Payload to read.

    Attributes:
        raw: With its wrapper, for quarantine.
        refusal: Of the wrapper.
    """

    text: bytes
    raw: bytes
    refusal: Refused | None = None


def inner_payloads(payload: bytes, connector: Connector) -> Sequence[InnerPayload]:
    """Payloads in a delivery or record, mostly itself."""
    if not connector.own_keys or has_too_many_values(payload):
        return (InnerPayload(text=payload, raw=payload),)
    if payload[:1] == b"{":
        # Live deliveries end here, within two microseconds.
        keys = _keys_of(payload)
        if keys is None or _is_own(keys, connector):
            return (InnerPayload(text=payload, raw=payload),)
    if connector.joined_files is not None:
        return (_joined(payload, connector),)
    return _separate_payloads(payload, connector)


def inner_events(record: bytes, connector: Connector) -> Sequence[bytes]:
    """Events in a record of a native platform; the record itself if there are none."""
    try:
        inner = [record] if has_too_many_values(record) else _unwrapped(record, connector)
    except Refused:
        # Rejected as an event without fields, and kept as sent.
        return (record,)
    return inner if _are_own(inner, connector) else (record,)


def _separate_payloads(payload: bytes, connector: Connector) -> Sequence[InnerPayload]:
    elements = _elements(payload)
    if len(elements) > PAYLOADS_MAX:
        refusal = refused_payload(f"The array has {len(elements):,} payloads; the limit is {PAYLOADS_MAX:,}.")
        return (InnerPayload(text=payload, raw=payload, refusal=refusal),)
    inner = [each for element in elements for each in _separate(element, connector)]
    if any(each.refusal is None and _are_own([each.text], connector) for each in inner):
        return inner
    # Nothing of the platform's: one rejection, not one for each element.
    first_refusal = next((each.refusal for each in inner if each.refusal is not None), None)
    return (InnerPayload(text=payload, raw=payload, refusal=first_refusal),)


def _joined(payload: bytes, connector: Connector) -> InnerPayload:
    # One payload of all records, which explain one another.
    elements = _elements(payload)
    try:
        inner = [text for element in elements for text in _unwrapped(element, connector)]
    except Refused as refusal:
        return InnerPayload(text=payload, raw=payload, refusal=refusal)
    if len(inner) == len(elements) and all(map(_is_same, inner, elements)):
        return InnerPayload(text=payload, raw=payload)
    return InnerPayload(text=inner[0] if len(inner) == 1 else b"[%b]" % b",".join(inner), raw=payload)


def _is_same(inner: bytes, element: bytes) -> bool:
    return inner is element


def _separate(element: bytes, connector: Connector) -> Iterator[InnerPayload]:
    try:
        inner = _unwrapped(element, connector)
    except Refused as refusal:
        yield InnerPayload(text=element, raw=element, refusal=refusal)
        return
    for text in inner:
        yield InnerPayload(text=text, raw=element if len(inner) == 1 else text)


def _elements(payload: bytes) -> Sequence[bytes]:
    text = without_mark(payload).strip()
    return (_objects(text) if text[:1] == b"[" else None) or [payload]


def _objects(text: bytes) -> list[bytes] | None:
    if text[:1] == b"{":
        return [text]
    if text[:1] != b"[":
        return None
    try:
        elements = list(map(bytes, _decode_array(text)))
    except _UNREADABLE:
        return None
    return elements if all(element[:1] == b"{" for element in elements) else None


def _objects_below(value: msgspec.Raw) -> list[bytes] | None:
    text = bytes(value)
    if text[:1] == b'"':
        try:
            text = without_mark(_decode_text(text).encode()).strip()
        except _UNREADABLE:
            return None
    return _objects(text)


def _unwrapped(element: bytes, connector: Connector, *, layers: int = _LAYERS_MAX) -> list[bytes]:
    keys = _keys_of(element)
    if not layers or keys is None or _is_own(keys, connector):
        return [element]
    below = {
        name: objects
        for name, value in keys.items()
        if name.lower() in WRAPPER_KEYS and (objects := _objects_below(value)) is not None
    }
    if not below:
        _check_other_keys(keys, connector)
        return [element]
    name = _only_wrapper(below, connector)
    if len(below[name]) > PAYLOADS_MAX and connector.joined_files is None:
        raise refused_payload(
            f"The payload has {len(below[name]):,} {connector.label} payloads under {name}; the limit is "
            f"{PAYLOADS_MAX:,}. Keep them one a line: {_jq(name)}[]."
        )
    return [inner for text in below[name] for inner in _unwrapped(text, connector, layers=layers - 1)]


def _keys_of(element: bytes) -> _Keys | None:
    try:
        return _decode_object(element)
    except _UNREADABLE:
        return None


def _is_own(keys: _Keys, connector: Connector) -> bool:
    names = keys.keys()
    return any(names >= own for own in connector.own_keys)


def _are_own(objects: Sequence[bytes], connector: Connector) -> bool:
    return bool(objects) and all(_is_own(_keys_of(text) or {}, connector) for text in objects)


def _only_wrapper(below: dict[str, list[bytes]], connector: Connector) -> str:
    names = list(below)
    if len(names) > 1:
        names = [name for name in names if _are_own(below[name], connector)]
    if len(names) != 1:
        both = " and ".join(list(below)[:3])
        raise refused_payload(
            f"The payload has {both}, and which of them holds what {connector.label} sent is not clear. "
            f"Keep that part alone: {_jq(next(iter(below)))}."
        )
    return names[0]


def _check_other_keys(keys: _Keys, connector: Connector) -> None:
    for name, value in keys.items():
        if _are_own(_objects_below(value) or [], connector):
            raise refused_payload(
                f"The {connector.label} payload is under {name[:40]!r}, where Botmeter does not look (only under "
                f"{', '.join(WRAPPER_KEYS)}). Keep that part alone: {_jq(name)}."
            )


def _jq(name: str) -> str:
    return f"jq '.{name}'" if _PLAIN_KEY.fullmatch(name) else f"jq '.[{msgspec.json.encode(name[:40]).decode()}]'"
