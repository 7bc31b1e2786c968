"""Questions before a reply, each answered within a time limit or taken as allowed."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NotRequired, TypedDict
from urllib.parse import quote, urlencode

import msgspec

from botmeter import __version__
from botmeter.client.settings import ClientSettings
from botmeter.client.transport import Address

if TYPE_CHECKING:
    import urllib3

WITHIN_SECONDS = 0.05
# Questions at once; while the server does not answer, further ones are allowed at once.
_AT_ONCE_MAX = 16
_ANSWER_BYTES_MAX = 1 << 16


class EntitlementFields(TypedDict):
    """Keyword arguments of `Meter.entitlement`: the message that the bot would answer."""

    customer_id: str
    bot_id: str
    channel: NotRequired[str | None]
    conversation_id: NotRequired[str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """Outcome that the customer's next message would have.

    Attributes:
        allowed: True too if the server did not answer.
        is_answered: False: `problem` says why, and nothing else is known.
        opens_session: The message would open a session.
        session_id, session_ends_at: Of the session that it belongs to.
        left: Sessions that allowance and packs still fund.
        cost: Of the session that it opens, before tax.
        reason: Why it is not allowed.
        as_of: Events until then are counted.
    """

    allowed: bool
    is_answered: bool
    opens_session: bool | None = None
    session_id: str | None = None
    session_ends_at: datetime | None = None
    left: int | None = None
    cost: Decimal | None = None
    currency: str | None = None
    reason: str | None = None
    as_of: datetime | None = None
    problem: str | None = None


class _Session(msgspec.Struct, frozen=True):
    id: str
    ends_at: datetime | None = None


class _Answer(msgspec.Struct, frozen=True):
    allowed: bool
    opens_session: bool
    as_of: datetime
    session: _Session | None = None
    left: int | None = None
    cost: str | None = None
    currency: str | None = None
    reason: str | None = None


_ANSWERS = msgspec.json.Decoder(_Answer)


class EntitlementQuestions:
    """Pooled connections for questions, apart from that of events, which can be slow."""

    def __init__(self, address: Address, settings: ClientSettings) -> None:
        self._address = address
        self._settings = settings
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(_AT_ONCE_MAX)
        self._pool: urllib3.PoolManager | None = None

    def ask(self, account: str, fields: EntitlementFields, *, within_seconds: float) -> Entitlement:
        """Ask the server; never raise, and never take longer."""
        if not self._slots.acquire(blocking=False):
            return not_answered(f"{_AT_ONCE_MAX} questions wait for the server already.")
        answer: Future[Entitlement] = Future()
        # A time limit of sockets covers neither the look-up of a name nor an answer in many small parts.
        target = self._run(answer, lambda: self._answer(account, fields, within_seconds=within_seconds))
        threading.Thread(target=target, name="botmeter entitlement", daemon=True).start()
        with suppress(TimeoutError):
            return answer.result(within_seconds)
        return not_answered(f"The server did not answer within {within_seconds * 1000:g} ms.")

    def _run(self, answer: "Future[Entitlement]", ask: Callable[[], Entitlement]) -> Callable[[], None]:
        def run() -> None:
            try:
                answer.set_result(ask())
            except Exception as problem:  # noqa: BLE001 - whatever it is, the bot goes on
                answer.set_result(not_answered(f"{type(problem).__name__}: {problem}"))
            finally:
                self._slots.release()

        return run

    def _answer(self, account: str, fields: EntitlementFields, *, within_seconds: float) -> Entitlement:
        import urllib3

        named = {name.removesuffix("_id"): value for name, value in fields.items() if value is not None}
        path = f"/api/v1/accounts/{quote(account, safe='')}/entitlement?{urlencode(named)}"
        response = self._connections().request(
            "GET",
            self._address.url.rstrip("/") + path,
            timeout=urllib3.Timeout(total=within_seconds),
            redirect=False,
            preload_content=False,
        )
        try:
            body = response.read(_ANSWER_BYTES_MAX)
        finally:
            response.close()
        if response.status != 200:
            return not_answered(_refusal(response.status, body))
        return _entitlement(_ANSWERS.decode(body))

    def _connections(self) -> "urllib3.PoolManager":
        # Slow to load, and needed by bots that ask alone.
        import urllib3

        with self._lock:
            if self._pool is None:
                ca_file = self._settings.ca_file
                self._pool = urllib3.PoolManager(
                    num_pools=1,
                    maxsize=_AT_ONCE_MAX,
                    retries=False,
                    ca_certs=None if ca_file is None else str(ca_file),
                    headers={
                        "Authorization": f"Bearer {self._address.key}",
                        "Accept": "application/json",
                        "User-Agent": f"botmeter-client/{__version__}",
                    },
                )
            return self._pool


def not_answered(problem: str) -> Entitlement:
    """Allow a message about which nothing is known."""
    return Entitlement(allowed=True, is_answered=False, problem=problem)


def _entitlement(answer: _Answer) -> Entitlement:
    session = answer.session
    return Entitlement(
        allowed=answer.allowed,
        is_answered=True,
        opens_session=answer.opens_session,
        session_id=None if session is None else session.id,
        session_ends_at=None if session is None else session.ends_at,
        left=answer.left,
        cost=None if answer.cost is None else Decimal(answer.cost),
        currency=answer.currency,
        reason=answer.reason,
        as_of=answer.as_of,
    )


class _Problem(msgspec.Struct):
    code: str = ""
    detail: str = ""


def _refusal(status: int, body: bytes) -> str:
    with suppress(msgspec.DecodeError):
        problem = msgspec.json.decode(body, type=_Problem)
        if problem.detail:
            return f"{problem.detail} ({problem.code})"
    return f"The server answered {status}."
