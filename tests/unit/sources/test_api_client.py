"""A platform is asked one thing at a time: again where that can help, as slowly as it wants, never for ever."""

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest
from tests.support.stand_in_api import Answer, Asked, StandInApi

from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.domain.instant import present
from botmeter.sources.api_client import TRIES, ApiClient, Bounds, Clocks
from botmeter.sources.endpoint import endpoint_of


class World:
    """Waits without waiting; half a second passes with each look at the clock."""

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


def opened_with(path: str, asked: Asked) -> Answer:
    return 200, {"token": asked.headers["authorization"]}


@pytest.fixture
def api() -> Iterator[StandInApi]:
    with StandInApi(answer=opened_with).serving() as served:
        yield served


@pytest.fixture
def asker(api: StandInApi, world: World) -> Iterator[ApiClient]:
    made = ApiClient(
        endpoint=endpoint_of(f"{api.url}/desk", may_be_plain=False),
        headers={"Authorization": "Bearer t"},
        bounds=Bounds(requests_max=12, seconds_max=1_000),
        clocks=Clocks(pause=world.pause, clock=world.clock, chance=lambda: 0.5),
    )
    yield made
    made.close()


def code_of(asker: ApiClient, path: str = "/v2/users") -> BotmeterError:
    with pytest.raises(BotmeterError) as raised:
        asker.get(path)
    return raised.value


def test_a_good_answer_is_given_with_what_opens_the_api(asker: ApiClient, api: StandInApi) -> None:
    assert asker.get("/v2/users", {"page": "1", "q": "a b"}) == b'{"token": "Bearer t"}'
    assert api.requests == [("/desk/v2/users", {"page": "1", "q": "a b"})]


@pytest.mark.parametrize("way", ["drop", (500, {}), (503, {}), (429, {}), (408, {})])
def test_what_may_pass_is_tried_again_more_and_more_slowly(
    asker: ApiClient, api: StandInApi, world: World, way: str | tuple[int, dict[str, str]]
) -> None:
    api.ways.extend([way, way, way])
    assert asker.get("/v2/users")
    assert world.waits == [0.75, 1.5, 3.0]
    assert asker.request_count == 4


def test_after_the_last_try_it_is_said_what_was_wrong(asker: ApiClient, api: StandInApi) -> None:
    api.ways.extend([(502, {})] * TRIES)
    fault = code_of(asker)
    assert (fault.code, "answers 502, 5 times" in fault.message) == ("pull_failed", True)
    assert isinstance(fault, Unavailable)


def test_who_is_told_to_wait_waits(asker: ApiClient, api: StandInApi, world: World) -> None:
    in_a_minute = format_datetime(present() + timedelta(seconds=60), usegmt=True)
    api.ways.extend([(429, {"Retry-After": "7"}), (503, {"Retry-After": in_a_minute}), (429, {"Retry-After": "soon"})])
    assert asker.get("/v2/users")
    assert (world.waits[0], world.waits[2]) == (7.0, 3.0)
    assert 50 <= world.waits[1] <= 60


def test_who_is_told_to_wait_for_long_comes_back_another_time(asker: ApiClient, api: StandInApi, world: World) -> None:
    api.ways.append((429, {"Retry-After": "900"}))
    fault = code_of(asker)
    assert (fault.code, "900 seconds" in fault.message, world.waits) == ("pull_failed", True, [])


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "pull_token_wrong"), (403, "pull_token_wrong"), (404, "pull_gone"), (410, "pull_gone"),
     (400, "pull_answer_odd"), (418, "pull_answer_odd"), (204, "pull_answer_odd")],
)  # fmt: skip
def test_what_can_not_pass_is_not_tried_again(asker: ApiClient, api: StandInApi, status: int, code: str) -> None:
    api.ways.append((status, {}))
    assert code_of(asker).code == code
    assert asker.request_count == 1


def test_a_redirection_is_not_followed(asker: ApiClient, api: StandInApi) -> None:
    api.ways.append((302, {"Location": "http://169.254.169.254/latest"}))
    fault = code_of(asker)
    assert (fault.code, "169.254.169.254" in fault.message) == ("pull_answer_odd", True)
    assert len(api.requests) == 1


def test_an_answer_without_end_is_cut(asker: ApiClient, api: StandInApi) -> None:
    asker.clocks = Clocks(pause=asker.clocks.pause, clock=lambda: 0.0)
    api.ways.append("endless")
    assert code_of(asker).code == "pull_answer_too_long"


def test_an_answer_that_takes_too_long_counts_as_none(asker: ApiClient, api: StandInApi, world: World) -> None:
    api.ways.extend(["endless"] * TRIES)
    assert "TimeoutError" in code_of(asker).message


def test_one_pull_asks_a_bounded_number_of_times_and_for_a_bounded_time(asker: ApiClient, world: World) -> None:
    for _ in range(12):
        asker.get("/v2/users")
    fault = code_of(asker)
    assert (fault.code, "12" in fault.message) == ("pull_bound", True)
    asker.request_count, world.seconds = 0, 1_000.0
    assert code_of(asker).code == "pull_bound"


def test_whoever_stops_the_work_is_heard_before_each_request(asker: ApiClient, api: StandInApi) -> None:
    def stopped(seconds: float) -> None:
        raise Unavailable("server_stopping", "The server was ended.")

    asker.clocks = Clocks(pause=stopped)
    assert code_of(asker).code == "server_stopping"
    assert api.requests == []


def test_the_token_is_in_no_description_of_the_asker(asker: ApiClient) -> None:
    assert "Bearer" not in repr(asker)
