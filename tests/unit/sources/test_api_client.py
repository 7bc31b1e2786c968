"""Requests to a platform: retries, pauses and limits."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest
from tests.support.stand_in_api import Answer, ApiRequest, StandInApi

from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.domain.instant import present
from botmeter.domain.setting_values import networks
from botmeter.outgoing import timed_connections
from botmeter.sources.platform_api import api_client
from botmeter.sources.platform_api.api_client import TRIES, ApiClient, Bounds, Clocks
from botmeter.sources.platform_api.endpoint import endpoint_of


class World:
    """Waits without waiting; the clock advances half a second with each reading."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.seconds = 0.0

    def pause(self, seconds: float) -> None:
        if seconds:
            self.waits.append(seconds)

    def clock(self) -> float:
        self.seconds += 0.5
        return self.seconds


@pytest.fixture
def world() -> World:
    return World()


def opened_with(path: str, request: ApiRequest) -> Answer:
    return 200, {"token": request.headers["authorization"]}


@pytest.fixture
def api() -> Iterator[StandInApi]:
    with StandInApi(answer=opened_with).serving() as served:
        yield served


@pytest.fixture
def client(api: StandInApi, world: World) -> Iterator[ApiClient]:
    made = ApiClient(
        endpoint=endpoint_of(f"{api.url}/desk", may_be_plain=False, networks=networks("127.0.0.0/8")),
        headers={"Authorization": "Bearer t"},
        bounds=Bounds(requests_max=12, seconds_max=1_000),
        clocks=Clocks(pause=world.pause, clock=world.clock, chance=lambda: 0.5),
    )
    yield made
    made.close()


def code_of(client: ApiClient, path: str = "/v2/users") -> BotmeterError:
    with pytest.raises(BotmeterError) as raised:
        client.get(path)
    return raised.value


def test_a_request_sends_the_headers_and_returns_the_body(client: ApiClient, api: StandInApi) -> None:
    assert client.get("/v2/users", {"page": "1", "q": "a b"}) == b'{"token": "Bearer t"}'
    assert api.requests == [("/desk/v2/users", {"page": "1", "q": "a b"})]


@pytest.mark.parametrize("way", ["drop", (500, {}), (503, {}), (429, {}), (408, {})])
def test_temporary_errors_are_retried_with_growing_pauses(
    client: ApiClient, api: StandInApi, world: World, way: str | tuple[int, dict[str, str]]
) -> None:
    api.faults.extend([way, way, way])
    assert client.get("/v2/users")
    assert world.waits == [0.75, 1.5, 3.0]
    assert client.request_count == 4


def test_the_error_after_the_last_try_names_the_problem(client: ApiClient, api: StandInApi) -> None:
    api.faults.extend([(502, {})] * TRIES)
    fault = code_of(client)
    assert (fault.code, "answers 502, 5 times" in fault.message) == ("pull_failed", True)
    assert isinstance(fault, Unavailable)


def test_retry_after_is_respected(client: ApiClient, api: StandInApi, world: World) -> None:
    in_a_minute = format_datetime(present() + timedelta(seconds=60), usegmt=True)
    api.faults.extend(
        [(429, {"Retry-After": "7"}), (503, {"Retry-After": in_a_minute}), (429, {"Retry-After": "soon"})]
    )
    assert client.get("/v2/users")
    assert (world.waits[0], world.waits[2]) == (7.0, 3.0)
    assert 50 <= world.waits[1] <= 60


def test_a_long_retry_after_ends_the_pull(client: ApiClient, api: StandInApi, world: World) -> None:
    api.faults.append((429, {"Retry-After": "900"}))
    fault = code_of(client)
    assert (fault.code, "900 seconds" in fault.message, world.waits) == ("pull_failed", True, [])


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "pull_token_wrong"), (403, "pull_token_wrong"), (404, "pull_gone"), (410, "pull_gone"),
     (400, "pull_answer_odd"), (418, "pull_answer_odd"), (204, "pull_answer_odd")],
)  # fmt: skip
def test_permanent_errors_are_not_retried(client: ApiClient, api: StandInApi, status: int, code: str) -> None:
    api.faults.append((status, {}))
    assert code_of(client).code == code
    assert client.request_count == 1


def test_a_redirection_is_not_followed(client: ApiClient, api: StandInApi) -> None:
    api.faults.append((302, {"Location": "http://169.254.169.254/latest"}))
    fault = code_of(client)
    assert (fault.code, "169.254.169.254" in fault.message) == ("pull_answer_odd", True)
    assert len(api.requests) == 1


def test_an_endless_answer_is_cut_off(client: ApiClient, api: StandInApi) -> None:
    client.clocks = Clocks(pause=client.clocks.pause, clock=lambda: 0.0)
    api.faults.append("endless")
    assert code_of(client).code == "pull_answer_too_long"


@pytest.mark.parametrize("fault", ["slow head", "slow body"])
def test_an_answer_that_comes_byte_by_byte_is_cut_off(
    client: ApiClient, api: StandInApi, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(timed_connections, "ANSWER_SECONDS_MAX", 0.1)
    monkeypatch.setattr(api_client, "TRIES", 2)
    api.faults.append(fault)
    assert client.get("/v2/users") == b'{"token": "Bearer t"}'
    api.faults.extend([fault] * 2)
    assert "does not answer, 2 times in a row" in code_of(client).message


def test_a_closed_port_a_cut_connection_and_silence_get_the_same_sentence(
    client: ApiClient, api: StandInApi, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_client, "TRIES", 1)
    monkeypatch.setattr(timed_connections, "ANSWER_SECONDS_MAX", 0.1)
    messages = set()
    for fault in ("drop", "slow head"):
        api.faults.append(fault)
        messages.add(code_of(client).message)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        client.endpoint = replace(client.endpoint, port=closed.getsockname()[1])
        messages.add(code_of(client).message)
    # Another service, as on any port that people try.
    client.endpoint = replace(client.endpoint, port=api.port, scheme="https")
    messages.add(code_of(client).message)
    assert messages == {"127.0.0.1 does not answer, 1 times in a row."}


def test_requests_and_time_of_a_pull_are_limited(client: ApiClient, world: World) -> None:
    for _ in range(12):
        client.get("/v2/users")
    fault = code_of(client)
    assert (fault.code, "12" in fault.message) == ("pull_bound", True)
    client.request_count, world.seconds = 0, 1_000.0
    assert code_of(client).code == "pull_bound"


def test_a_stop_is_noticed_before_each_request(client: ApiClient, api: StandInApi) -> None:
    def stopped(seconds: float) -> None:
        raise Unavailable("server_stopping", "The server was ended.")

    client.clocks = Clocks(pause=stopped)
    assert code_of(client).code == "server_stopping"
    assert api.requests == []


def test_the_token_is_not_in_the_repr(client: ApiClient) -> None:
    assert "Bearer" not in repr(client)
