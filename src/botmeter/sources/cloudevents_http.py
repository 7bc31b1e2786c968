"""CloudEvents over HTTP: binary mode and the OPTIONS handshake.

Source: CloudEvents HTTP protocol binding 1.0.2 (3.1) and HTTP webhook 1.0.2 (4).
"""

import re
from base64 import b64encode
from collections.abc import Mapping

from botmeter.domain.errors import Refused
from botmeter.sources.payloads.payload_json import json_bytes, json_value

PREFIX = "ce-"
REQUEST_ORIGIN = "webhook-request-origin"

_ATTRIBUTE = re.compile(r"[a-z0-9]{1,64}")
_JSON = re.compile(r"(?:application|text)/(?:[\w.+-]+\+)?json", re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_ORIGIN = re.compile(r"[\x21-\x7e]{1,255}")


def envelope_from_binary(headers: Mapping[str, str], body: bytes) -> bytes:
    """Binary-mode CloudEvent as a one-line JSON envelope; header names are in lower case.

    Raises:
        Refused: `cloudevent_invalid`.
    """
    envelope: dict[str, object] = {}
    for name, value in headers.items():
        if name.startswith(PREFIX):
            envelope[_attribute(name)] = _decoded(name, value)
    content_type = headers.get("content-type", "").strip()
    if content_type:
        envelope["datacontenttype"] = content_type
    if not body:
        return json_bytes(envelope)
    if content_type and not _JSON.fullmatch(content_type.split(";")[0].strip()):
        return json_bytes(envelope | {"data_base64": b64encode(body).decode()})
    return json_bytes(envelope | {"data": _data(body)})


def allowed_origin(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers of the OPTIONS answer; all origins and rates are allowed."""
    methods = {"Allow": "OPTIONS, POST"}
    origin = headers.get(REQUEST_ORIGIN, "").strip()
    if not _ORIGIN.fullmatch(origin):
        return methods
    # Overload is answered when it occurs, so no rate has to be negotiated.
    return methods | {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}


def _attribute(header: str) -> str:
    name = header.removeprefix(PREFIX)
    if not _ATTRIBUTE.fullmatch(name) or name in ("data", "datacontenttype"):
        raise Refused("cloudevent_invalid", f"The header {header[:40]!r} is not a CloudEvents attribute.")
    return name


def _decoded(name: str, value: str) -> str:
    quoted = _QUOTED.fullmatch(value.strip())
    plain = _ESCAPE.sub(r"\1", quoted[1]) if quoted else value.strip()
    try:
        return _PERCENT.sub(lambda escape: bytes([int(escape[1], 16)]), plain.encode()).decode()
    except UnicodeError:
        raise Refused("cloudevent_invalid", f"The decoded header {name[:40]!r} is not UTF-8.") from None


def _data(body: bytes) -> object:
    try:
        return json_value(body)
    except Refused:
        raise Refused("cloudevent_invalid", "The CloudEvent's content type is JSON, but its body is not.") from None
