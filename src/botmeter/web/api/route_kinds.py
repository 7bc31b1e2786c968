"""Kinds of routes that Django answers, and what they share."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from botmeter.domain.errors import Refused
from botmeter.people.keys import Scope
from botmeter.web.api.parameters import Parameter
from botmeter.web.api.route import Call, Route
from botmeter.web.api.route_failures import CHANGE, READ

read_route: Final = partial(Route, method="GET", failures=READ)
change_route: Final = partial(Route, method="POST", scope=Scope.ADMIN, failures=CHANGE)
read_bill: Final = partial(read_route, scope=Scope.BILLING_READ, tag="Billing")
change_bill: Final = partial(change_route, tag="Billing")
_Form = TypeVar("_Form", bound=str)


def examples_in(file_name: str) -> dict[str, Any]:
    """Read a file of examples beside this module."""
    examples: dict[str, Any] = msgspec.json.decode(Path(__file__).with_name(file_name).read_bytes())
    return examples


def format_parameter(forms: Sequence[str]) -> Parameter:
    """Parameter that chooses the format of a file; the first is the default."""
    return Parameter(
        name="format",
        description="Format of the file.",
        limits={"enum": list(forms)},
        example=forms[0],
        default=forms[0],
    )


def chosen_format(call: Call, forms: Sequence[_Form]) -> _Form:
    """Format that a request chose; raises Refused `output_format_unknown`."""
    written = call.request.GET.get("format") or forms[0]
    form = next((each for each in forms if each == written), None)
    if form is None:
        raise Refused("output_format_unknown", f"Unknown format. Use {', '.join(forms[:-1])} or {forms[-1]}.")
    return form


def number_in(part: str) -> int:
    """Number in an address; 0, which nothing has, if it is none."""
    return int(part) if part.isascii() and part.isdigit() and len(part) < 10 else 0
