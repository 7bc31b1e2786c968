"""One route of the API as a value: the dispatcher, the server and the OpenAPI document read the same declaration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from msgspec import Struct

from botmeter.people.keys import Scope
from botmeter.people.models import ApiKey
from botmeter.web.api.parameters import Parameter
from botmeter.web.api.problem_details import Problem

JSON: Final = "application/json"
PREFIX: Final = "/api/v1/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A body or an answer in one media type.

    Attributes:
        types: What it can be, for msgspec; several are alternatives, none is a file.
        example: One, as a value of such a type.
    """

    types: tuple[Any, ...] = ()
    example: Any = None
    media_type: str = JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An admitted request to a route of Django.

    Attributes:
        account: The account of the key, which the address names.
        body: The decoded body; None where the route takes none.
    """

    request: HttpRequest
    account: str
    key: ApiKey
    body: Any = None

    @property
    def who(self) -> str:
        """The key, as logs and changes name it."""
        return f"key {self.key.name} ({self.key.start}…)"


View = Callable[..., Struct | HttpResponseBase]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one address.

    Attributes:
        path: After `/api/v1/`, with `{…}` for its parts.
        operation: Id of the operation in the document.
        description: May use backticks for code.
        answers: Contents of the answer of success.
        answer: Sentence about it.
        failures: Status → when it is given.
        problem: Type of the problem details.
        scope: The scope that the key needs; None: the address itself holds a key.
        parameters: Query parameters.
        body: Forms of the body; empty: none is read.
        view: Answers the request, with the parts of the path as keywords; None: the server answers it.
    """

    method: Literal["GET", "POST"]
    path: str
    operation: str
    summary: str
    description: str
    tag: str
    answers: tuple[Content, ...]
    failures: Mapping[int, str]
    answer: str = "The answer."
    problem: type[Problem] = Problem
    scope: Scope | None = None
    parameters: tuple[Parameter, ...] = ()
    body: tuple[Content, ...] = ()
    view: View | None = field(default=None, repr=False)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the query parameters."""
        return tuple(parameter.name for parameter in self.parameters)
