"""A bot that asks a real server: what was acknowledged is in the answer, also after the server was killed."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from botmeter.client import ClientSettings, Entitlement, Meter
from support.live import message
from support.live_server import READY_SECONDS, LiveServer, serving

pytestmark = pytest.mark.faults

PLAN = """
name = "made"
currency = "USD"
[[meter]]
[meter.beyond]
kind = "price"
price = "0.10"
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    with serving(tmp_path / "data") as made:
        yield made


@pytest.fixture
def meter(server: LiveServer, tmp_path: Path) -> Iterator[Meter]:
    key = server.account("acme")
    with Meter(server.url, key, settings=ClientSettings(spill_folder=tmp_path / "spilled")) as made:
        yield made


def sent(server: LiveServer, meter: Meter, *, event_id: str, customer: str) -> None:
    at = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    body = json.dumps([message(event_id, at, customer_id=customer)]).encode()
    assert server.send(meter._address.key, body).json()["accepted"] == 1


def asked(meter: Meter, customer: str) -> Entitlement:
    """Answer of a server that may still read its sessions."""
    pause = threading.Event()
    for _ in range(READY_SECONDS):
        answer = meter.entitlement(account="acme", customer_id=customer, bot_id="b1", channel="web", within_seconds=30)
        if answer.is_answered:
            return answer
        assert "entitlement_not_ready" in str(answer.problem)
        pause.wait(1)
    raise AssertionError(answer.problem)


def test_after_a_kill_the_answer_has_what_was_acknowledged_before(server: LiveServer, meter: Meter) -> None:
    assert asked(meter, "c1").opens_session
    sent(server, meter, event_id="a", customer="c1")
    # The event is hardly ever metered yet.
    server.kill_worker()
    server.wait_ready(is_revived=True)
    again = asked(meter, "c1")
    assert (again.opens_session, again.session_id is None) == (False, False)
    assert asked(meter, "c2").opens_session
    sent(server, meter, event_id="b", customer="c2")
    assert asked(meter, "c2").session_id not in (None, again.session_id)


def test_a_brake_that_is_set_while_the_server_runs_refuses_the_next_session(
    server: LiveServer, meter: Meter, tmp_path: Path
) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(PLAN)
    today = datetime.now(UTC).date().isoformat()
    server.command("plan", "set", str(file), "--account", "acme", "--from", today)
    sent(server, meter, event_id="a", customer="c1")
    assert asked(meter, "c2").allowed
    server.command("budget", "add", "1", "--sessions", "--brake", "--account", "acme")
    assert (asked(meter, "c2").reason, asked(meter, "c1").allowed) == ("budget_reached", True)
    server.kill_worker()
    server.wait_ready(is_revived=True)
    assert (asked(meter, "c2").reason, asked(meter, "c1").allowed) == ("budget_reached", True)
