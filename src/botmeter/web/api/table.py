"""The addresses of the API, in one table: what stands there, what it takes, what it gives."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.http.response import HttpResponseBase
from ninja import Router

from botmeter.web.api import parameters, schemas
from botmeter.web.api.bodies import documented_body
from botmeter.web.api.customers import merge, unmerge
from botmeter.web.api.exports import export
from botmeter.web.api.routes import explanation, session, session_usage, sessions

_FAILURES: Final = frozenset({400, 401, 403, 404, 413, 429, 500, 503})
# Of what can be sent something.
_MORE_FAILURES: Final = frozenset({409, 415})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One address, read with GET; or with POST, if it takes a body.

    Attributes:
        gives: The model of its answer; None for a file.
        taking: The words that it may hold.
        tag: The heading under which it is documented.
        body: What the document says of its body; None: it has none.
    """

    path: str
    view: Callable[..., HttpResponseBase]
    gives: Any
    taking: tuple[parameters.Parameter, ...]
    tag: str
    body: dict[str, Any] | None = None

    @property
    def methods(self) -> list[str]:
        return ["GET", "HEAD"] if self.body is None else ["POST"]


# The first that fits is taken: where one address has a session's id, an earlier one has a word.
ROUTES: Final = (
    Route(
        path="accounts/{account}/reports/session-usage",
        view=session_usage,
        gives=schemas.UsageReport,
        taking=parameters.QUESTION,
        tag="Reports",
    ),
    Route(
        path="accounts/{account}/sessions",
        view=sessions,
        gives=schemas.Rows | schemas.Sessions,
        taking=parameters.QUESTION + parameters.PAGE,
        tag="Sessions",
    ),
    Route(
        path="accounts/{account}/sessions/export",
        view=export,
        gives=None,
        taking=parameters.QUESTION + parameters.FILE,
        tag="Exports",
    ),
    Route(
        path="accounts/{account}/sessions/{session_id}",
        view=session,
        gives=schemas.SessionWithRows,
        taking=(),
        tag="Sessions",
    ),
    Route(
        path="accounts/{account}/sessions/{session_id}/explanation",
        view=explanation,
        gives=schemas.Explanation,
        taking=(),
        tag="Sessions",
    ),
    Route(
        path="accounts/{account}/customers/merge",
        view=merge,
        gives=schemas.CustomersChanged,
        taking=(),
        tag="Customers",
        body=documented_body(
            schemas.MergeBody, is_list=True, example={"customer_id": "cus_8401", "aliases": ["wa-4915"]}
        ),
    ),
    Route(
        path="accounts/{account}/customers/unmerge",
        view=unmerge,
        gives=schemas.CustomersChanged,
        taking=(),
        tag="Customers",
        body=documented_body(schemas.UnmergeBody, example={"change": 3}),
    ),
)


def router() -> Router:
    """The table as the framework wants it; HEAD goes with every GET, as HTTP wants it."""
    made = Router()
    for route in ROUTES:
        summary, _, description = (inspect.getdoc(route.view) or "").partition("\n\n")
        made.add_api_operation(
            route.path,
            route.methods,
            route.view,
            response={200: route.gives, _FAILURES | (_MORE_FAILURES if route.body else frozenset()): schemas.Problem},
            openapi_extra=parameters.documented(*route.taking) | (route.body or {}),
            operation_id=route.view.__name__,
            summary=summary.rstrip("."),
            description=" ".join(description.split()),
            tags=[route.tag],
            by_alias=True,
        )
    return made
