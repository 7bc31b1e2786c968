"""A request as the front's own routes see it, and the answers that they give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from botmeter.domain.errors import BotmeterError, Refused, TooMuch
from botmeter.server.front.body import BodyLimits, BodyShare, read_body
from botmeter.server.front.protocol import Receive, Scope, Send, header_values
from botmeter.web.api.problem_details import Problem, problem_from_error
from botmeter.web.request_ids import HEADER, request_id

_JSON: Final = "application/json"
_QUERY_FIELDS_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked; its body is still to be received.

    Attributes:
        headers: Name in small letters → value.
        number: Names the request in logs and receipts.
        share: What its body takes of the memory for bodies.
    """

    method: str
    path: str
    raw_path: str
    query_string: bytes
    headers: Mapping[str, str]
    number: str
    receive: Receive = field(repr=False)
    share: BodyShare = field(repr=False)

    @classmethod
    def of(cls, scope: Scope, receive: Receive, *, share: BodyShare) -> "Request":
        """The request of an ASGI scope."""
        headers = header_values(scope)
        return cls(
            method=scope["method"],
            path=scope["path"],
            raw_path=(scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0],
            query_string=scope["query_string"],
            headers=headers,
            number=request_id(headers.get(HEADER.lower())),
            receive=receive,
            share=share,
        )

    async def body(self, limits: BodyLimits) -> bytes:
        """What was sent; raises what `read_body` raises. It is asked for once."""
        return await read_body(self.receive, headers=self.headers, limits=limits, share=self.share)

    def query(self, *, known: tuple[str, ...]) -> dict[str, str]:
        """The words of the address, each once.

        Raises:
            Refused: `parameter_unknown`, `parameter_repeated`, `parameter_invalid`.
            TooMuch: `parameters_too_many`.
        """
        found: dict[str, str] = {}
        for name, value in self._pairs():
            if name not in known:
                names = ", ".join(known) or "none"
                raise Refused("parameter_unknown", f"There is no parameter {name[:40]!r} here; there are {names}.")
            if name in found:
                raise Refused("parameter_repeated", f"{name} is there more than once; it can be once.")
            found[name] = value
        return found

    def words(self) -> dict[str, str]:
        """The words of the address, whatever they are. Raises what `query` raises of an address as such."""
        return dict(self._pairs())

    def _pairs(self) -> list[tuple[str, str]]:
        try:
            return parse_qsl(
                self.query_string.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_QUERY_FIELDS_MAX,
            )
        except UnicodeError:
            raise Refused("parameter_invalid", "The address can't be understood.") from None
        except ValueError:
            raise TooMuch(
                "parameters_too_many", f"The request has too many parameters; the most is {_QUERY_FIELDS_MAX}."
            ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, value: object, *, status: int = HTTPStatus.OK) -> "Answer":
        """`value` as JSON."""
        return cls(status=status, body=msgspec.json.encode(value), headers={"Content-Type": _JSON})

    @classmethod
    def of_error(cls, error: BotmeterError, *more: tuple[str, object]) -> "Answer":
        """The problem details of an error."""
        return cls.of_problem(problem_from_error(error, *more))

    @classmethod
    def of_problem(cls, problem: Problem) -> "Answer":
        """Problem details as they are sent."""
        return cls(status=problem.status, body=problem.body, headers=problem.headers)

    async def sent(self, send: Send, *, number: str) -> None:
        """Sends it, under the request's number."""
        told = {
            "Content-Length": str(len(self.body)),
            "Cache-Control": "no-store, private",
            "X-Content-Type-Options": "nosniff",
            HEADER: number,
            **self.headers,
        }
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]
        await send({"type": "http.response.start", "status": int(self.status), "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})
