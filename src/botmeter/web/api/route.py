"""An API route as a value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from msgspec import Struct

from botmeter.people.audit import Action, record
from botmeter.people.keys import Scope
from botmeter.people.models import ApiKey
from botmeter.web.api.parameters import Parameter
from botmeter.web.api.problem_details import Problem

JSON: Final = "application/json"
PREFIX: Final = "/api/v1/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A body or response in one media type; several `types` are alternatives, none is a file."""

    types: tuple[Any, ...] = ()
    example: Any = None
    media_type: str = JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An authorized request to a Django route."""

    request: HttpRequest
    key: ApiKey
    body: Any = None

    @property
    def account(self) -> str:
        return self.key.account

    @property
    def who(self) -> str:
        return f"key {self.key.name} ({self.key.start}…)"

    def record(self, action: Action, **detail: object) -> None:
        record(action, request=self.request, user=None, account=self.account, who=self.who, **detail)


View = Callable[..., Struct | HttpResponseBase]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path.

    Attributes:
        path: After `/api/v1/`, with `{…}` for its parts.
        failures: Status → condition.
        scope: None if the URL itself holds a key.
        body: Alternatives; empty: none is read.
        description: Without the scope.
        view: Takes the parts of the path as keywords; None if the server answers.
    """

    method: Literal["GET", "POST"]
    path: str
    operation: str
    summary: str
    tag: str
    answers: tuple[Content, ...]
    failures: Mapping[int, str]
    description: str = ""
    answer: str = "The answer."
    problem: type[Problem] = Problem
    scope: Scope | None = None
    parameters: tuple[Parameter, ...] = ()
    body: tuple[Content, ...] = ()
    takes_large_body: bool = False
    view: View | None = field(default=None, repr=False)
