"""What is sent to Django's routes: a JSON body of a known shape, and its schema for the OpenAPI document."""

from typing import Any, TypeVar

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from pydantic import BaseModel

from botmeter.domain.errors import Refused, TooMuch

JSON = "application/json"

_Shape = TypeVar("_Shape")


def body_of(request: HttpRequest, shape: msgspec.json.Decoder[_Shape]) -> _Shape:
    """The request's body.

    Args:
        request: Not read yet.
        shape: Of what it must be: a struct that forbids unknown fields.

    Raises:
        Refused: `media_type_unknown` for what does not say that it is JSON, `body_invalid` for another shape.
        TooMuch: `body_too_large`.
    """
    if request.content_type != JSON:
        raise Refused("media_type_unknown", f"This takes {JSON}, not {str(request.content_type)[:60]!r}.")
    try:
        return shape.decode(request.body)
    except RequestDataTooBig:
        raise TooMuch("body_too_large", "The body is larger than this address takes. Send it in parts.") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise Refused("body_invalid", f"The body can't be read: {str(fault)[:200]}.") from None


def documented_body(model: type[BaseModel], *, example: Any, is_list: bool = False) -> dict[str, Any]:
    """What a route says of its body in the OpenAPI document.

    Args:
        model: What it is.
        example: One.
        is_list: A list of them can be sent too.
    """
    schema = model.model_json_schema()
    taken = {"anyOf": [schema, {"type": "array", "items": schema}]} if is_list else schema
    return {"requestBody": {"required": True, "content": {JSON: {"schema": taken, "example": example}}}}
