"""The client as a bot has it: its thread, a real connection to a server that fails, forks and ends."""

import gzip
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.stand_in_server import StandIn

import botmeter
from botmeter.client import ClientSettings, Event, Meter, Refusal, Trouble, TroubleKind
from botmeter.client.sender import Ports
from botmeter.client.transport import Address, post_factory
from botmeter.domain.errors import Refused

KEY = "bm_of_a_test"
Made = Callable[..., Meter]


@pytest.fixture
def server() -> Iterator[StandIn]:
    with StandIn().serving() as server:
        yield server


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    """`made(url, **settings)`: a client that tries again at once."""
    meters = []

    def make(url: str, **options: object) -> Meter:
        chosen = ClientSettings(**{"spill_folder": tmp_path / "spill", **options})
        real = Meter.__init__.__globals__
        ports = Ports(
            connect=post_factory(Address(url=url, key=KEY), chosen),
            elapsed=real["time"].monotonic,
            now_us=real["now_us"],
            random=lambda: 0.0,
        )
        meters.append(Meter(url, KEY, settings=chosen, ports=ports))
        return meters[-1]

    yield make
    for meter in meters:
        meter.close()


def send_message(meter: Meter, event_id: str | None = None, *, conversation: str = "c1") -> str | None:
    return meter.message(event_id=event_id, conversation_id=conversation, customer_id="ada", actor="customer")


def test_a_message_arrives_with_the_key_in_ndjson_packed(server: StandIn, made: Made) -> None:
    meter = made(server.url + "/")
    event_id = meter.message(conversation_id="c1", customer_id="ada", actor="bot", bot_id="orders", channel="web")
    assert meter.flush()
    assert event_id is not None
    record = server.intake.events[event_id]
    assert {name: record[name] for name in ("bot_id", "channel", "actor", "kind")} == {
        "bot_id": "orders",
        "channel": "web",
        "actor": "bot",
        "kind": "message",
    }
    headers = server.headers[0]
    assert headers[":path"] == "/api/v1/events"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["Content-Type"] == "application/x-ndjson"
    assert headers["Content-Encoding"] == "gzip"


def test_other_kinds_and_event_objects_arrive_too(server: StandIn, made: Made) -> None:
    meter = made(server.url)
    ended = meter.event(kind="resolved", conversation_id="c1", customer_id="ada", actor="system")
    sent = meter.send(Event(event_id="m1", conversation_id="c1", customer_id="ada", actor="agent"))
    assert meter.flush()
    assert list(server.intake.events) == [ended, sent]


@pytest.mark.parametrize("way", ["cut", "drop", "page", (503, {"Retry-After": "0"}), (502, {}), (429, {})])
def test_each_event_arrives_once_whatever_the_answers(
    server: StandIn, made: Made, way: str | tuple[int, dict[str, str]]
) -> None:
    server.ways.extend([way] * 3)
    meter = made(server.url)
    ids = [send_message(meter) for _ in range(10)]
    assert meter.flush()
    assert list(server.intake.events) == ids
    assert meter.status().trouble is None


def test_a_server_that_does_not_answer_in_time_gets_the_batch_again(server: StandIn, made: Made) -> None:
    server.ways.append("wait")
    meter = made(server.url, answer_seconds=0.2)
    send_message(meter, "a")
    assert meter.flush()
    assert list(server.intake.events) == ["a"]


@pytest.mark.slow
def test_a_server_that_starts_late_gets_everything(made: Made) -> None:
    server = StandIn()
    with server.serving():
        """The port is known, and free again."""
    troubled = threading.Event()
    reports: list[Trouble] = []
    meter = made(server.url, on_trouble=lambda trouble: (reports.append(trouble), troubled.set()))
    ids = [send_message(meter) for _ in range(3)]
    assert troubled.wait(10)
    assert reports[0].kind is TroubleKind.AWAY
    assert KEY not in reports[0].detail
    with server.serving():
        assert meter.flush()
        assert list(server.intake.events) == ids
        meter.close()


def test_a_refused_key_is_reported_and_events_outlive_the_process(server: StandIn, made: Made, tmp_path: Path) -> None:
    troubled = threading.Event()
    server.ways.append((401, {}))
    meter = made(server.url, on_trouble=lambda _: troubled.set())
    send_message(meter, "a")
    assert not meter.flush(0.1)
    assert troubled.wait(10)
    status = meter.status()
    assert status.trouble == Trouble(kind=TroubleKind.BARRED, detail="A test wanted 401.", code="made_401")
    assert status.spilled_bytes > 0
    meter.close()
    later = made(server.url)
    assert later.flush()
    assert list(server.intake.events) == ["a"]


@pytest.mark.slow
def test_many_threads_lose_nothing_and_each_keeps_its_order(server: StandIn, made: Made) -> None:
    server.ways.extend(["cut", "drop", (503, {})] * 3)
    meter = made(server.url, batch_events_max=50, queue_events_max=100)
    threads = [
        threading.Thread(
            target=lambda name=name: [send_message(meter, f"{name}-{n:04d}", conversation=name) for n in range(300)]
        )
        for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.flush(60)
    arrived = list(server.intake.events)
    assert len(arrived) == 1_200
    for name in "abcd":
        own = [event_id for event_id in arrived if event_id.startswith(name)]
        assert own == sorted(own)
    assert meter.status().lost_count == 0


def test_an_invalid_event_is_refused_without_an_exception(server: StandIn, made: Made, tmp_path: Path) -> None:
    reports: list[Refusal] = []
    meter = made(server.url, on_refused=reports.append)
    assert meter.message(event_id="m1", conversation_id=None, customer_id="ada", actor="customer") is None  # type: ignore[arg-type]
    assert [(refusal.event_id, refusal.code) for refusal in reports] == [("m1", "client_event_invalid")]
    assert meter.status().refused_count == 1
    entry = json.loads((tmp_path / "spill" / "refused.ndjson").read_bytes())
    assert entry["event"]["customer_id"] == "ada"
    assert send_message(meter, "m2") == "m2"


def test_an_event_changed_after_its_check_is_refused_too(server: StandIn, made: Made) -> None:
    meter = made(server.url)
    attributes: dict[str, object] = {}
    event = Event(conversation_id="c1", customer_id="ada", actor="bot", attributes=attributes)
    attributes["odd"] = object()
    assert meter.send(event) is None
    assert meter.status().refused_count == 1


def test_a_closed_client_loses_events_and_counts_them(server: StandIn, made: Made) -> None:
    meter = made(server.url)
    meter.close()
    meter.close()
    assert send_message(meter) is None
    assert meter.flush()
    assert meter.status().lost_count == 1


def test_closing_waits_for_a_hanging_server_within_its_limit(server: StandIn, made: Made) -> None:
    server.ways.append("wait")
    meter = made(server.url, close_seconds=0.3)
    send_message(meter, "a")
    meter.close()
    assert meter.status().lost_count == 0
    later = made(server.url)
    assert later.flush()
    assert list(server.intake.events) == ["a"]


@pytest.mark.parametrize("url", ["", "botmeter.example.com", "ftp://a", "http://", "http://[", "http://a/?key=1"])
def test_an_invalid_address_is_refused(url: str) -> None:
    with pytest.raises(Refused) as refused:
        Meter(url, KEY)
    assert refused.value.code == "url_invalid"


@pytest.mark.parametrize("key", ["", "bm_a b", "bm_a\r\nX-Evil: 1", "bm_é"])
def test_an_invalid_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(Refused) as refused:
        Meter("http://127.0.0.1:1", key)
    assert refused.value.code == "client_key_invalid"
    assert not key or key not in refused.value.message


def test_an_address_shows_its_key_to_no_log() -> None:
    assert KEY not in repr(Address(url="http://127.0.0.1:1", key=KEY))


@pytest.mark.parametrize("options", [{"batch_events_max": 0}, {"answer_seconds": 0}, {"linger_seconds": -1}])
def test_invalid_settings_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(Refused) as refused:
        ClientSettings(**options)
    assert refused.value.code == "client_settings_invalid"
    assert next(iter(options)) in refused.value.message


def test_waiting_events_of_two_keys_never_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for key in ("bm_a", "bm_b"):
        Meter("http://127.0.0.1:1", key).close()
    assert len(list((tmp_path / ".botmeter" / "client").iterdir())) == 2


def test_the_client_loads_nothing_of_the_server_and_its_network_only_when_it_sends() -> None:
    heavy = {"django", "duckdb", "numba", "numpy", "pyarrow", "rich", "typer", "urllib3"}
    program = f"import sys, botmeter.client; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(botmeter.__file__).parents[1])}


def test_random_bodies_survive_the_packing(server: StandIn, made: Made) -> None:
    meter = made(server.url)
    text = random.Random(7).randbytes(30_000).decode("latin-1")
    event = Event(event_id="m1", conversation_id="c\n1", customer_id="é\u2028", actor="bot", attributes={"text": text})
    meter.send(event)
    assert meter.flush()
    assert server.intake.events["m1"] == json.loads(event.line())
    assert gzip.decompress(gzip.compress(event.line())) == event.line()
