"""Answers of the front's own routes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec
from django.conf import settings

from botmeter.domain.errors import BotmeterError
from botmeter.server.front.protocol import Send
from botmeter.web.api.problem_details import Problem, problem_from_error
from botmeter.web.headers import CONTENT_SECURITY_POLICY, STRICT_TRANSPORT
from botmeter.web.request_ids import HEADER


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Complete answer."""

    status: int = HTTPStatus.OK
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, value: object) -> "Answer":
        return cls(body=msgspec.json.encode(value), headers={"Content-Type": "application/json"})

    @classmethod
    def of_error(cls, error: BotmeterError) -> "Answer":
        return cls.of_problem(problem_from_error(error))

    @classmethod
    def of_problem(cls, problem: Problem) -> "Answer":
        return cls(status=problem.status, body=problem.body, headers=problem.headers)

    async def sent(self, send: Send, *, number: str) -> None:
        values = {
            "Content-Length": str(len(self.body)),
            "Cache-Control": "no-store, private",
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
            HEADER: number,
            **({"Strict-Transport-Security": STRICT_TRANSPORT} if settings.HAS_STRICT_TRANSPORT else {}),
            **self.headers,
        }
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in values.items()]
        await send({"type": "http.response.start", "status": int(self.status), "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})
