"""One busy account, in a ledger or in a lake, queried by page, API, command and Python."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.test import Client

import botmeter
from botmeter.cli.context import in_context, of_process
from botmeter.cli.hosted import run_hosted
from botmeter.cli.main import exit_code
from botmeter.domain.cost_centre import CostCentreTerm
from botmeter.ledger.billing.cost_centres import set_cost_centre
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.live.lake_watch import lake_watch
from botmeter.live.server_state import ServerState
from botmeter.metering.policy import FRESHCHAT
from botmeter.people.keys import ACCOUNT_SCOPES, KeyDraft, new_key
from botmeter.people.models import Membership, User
from botmeter.people.rights import Role
from botmeter.server.command_host import serve_commands
from support.ledgers import ACME, NOW_US, Event, event
from support.served import served
from support.server_state import in_use

COST_CENTRES = (
    CostCentreTerm(from_on=date(2026, 1, 1), bot_id="orders", cost_centre="Sales"),
    CostCentreTerm(from_on=date(2026, 2, 20), bot_id="orders", cost_centre=""),
    CostCentreTerm(from_on=date(2026, 2, 10), channel="web", cost_centre="Online"),
)
Ask = Callable[..., Any]


def busy_events(seed: int = 20260308) -> list[Event]:
    """Four hundred events of two months, with names in common, tickets and previews."""
    random = Random(seed)
    events = []
    for number in range(400):
        bot = random.choice(["orders", "orders", "returns", "faq", None])
        ticket = random.choice([None, None, None, "t1", "t2", "t3", "t4"])
        at = f"2026-{random.randint(2, 3):02}-{random.randint(1, 28):02}T{random.randint(0, 23):02}"
        events.append(
            event(
                f"e{number}",
                f"{at}:{random.randint(0, 59):02}",
                customer_id=f"c{random.randint(1, 12)}",
                conversation_id=f"v{random.randint(1, 40)}",
                actor=random.choice(["customer", "customer", "customer", "bot", "agent"]),
                bot_id=bot,
                bot_name=None if bot is None else random.choice([None, bot.title()]),
                bot_version=random.choice([None, "1", "2"]),
                channel=random.choice(["web", "web", "whatsapp", "sms"]),
                preview=random.choice([None, None, None, True]),
                ticket_id=ticket,
                ticket_type=None if ticket is None else random.choice([None, "refund", "delivery"]),
            )
        )
    return events


@pytest.fixture(scope="session", params=["a ledger", pytest.param("a lake", marks=pytest.mark.slow)])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLedgers]:
    """The ledgers, as the server opens them."""
    path, is_lake = tmp_path_factory.mktemp("faces"), request.param == "a lake"
    with served(path / "data", {} if is_lake else {"acme": busy_events()}) as ledgers:
        if is_lake:
            _create_in_lake(path, ledgers)
        with ledgers.writing("acme") as ledger:
            for term in COST_CENTRES:
                set_cost_centre(ledger, term, now_us=NOW_US)
        yield ledgers


def _create_in_lake(path: Path, ledgers: OpenLedgers) -> None:
    pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
    from botmeter.lake.root import LakeRoot
    from botmeter.lake.serving import create_lake_account
    from support.lakes import run, written_files

    root = LakeRoot.at(str(path / "lake"))
    create_lake_account(SharedFolder(ledgers), ACME, policy=FRESHCHAT, root=root, now_us=NOW_US)
    events = busy_events()
    for number in range(2):
        run(root, written_files(path, f"{number}", events[number::2]))
    lake_watch(ledgers).check_all()


@pytest.fixture(autouse=True)
def state(opened: OpenLedgers) -> Iterator[ServerState]:
    with in_use(opened) as state:
        yield state


@pytest.fixture
def api(state: ServerState, db: None, client: Client) -> Ask:
    """`api("sessions", channel=["web"])`: the answer as JSON."""
    made = new_key("acme", KeyDraft(name="faces", scopes=ACCOUNT_SCOPES), created_by=None)

    def ask(path: str, **query: Any) -> Any:
        # Hypothesis sends more requests in a minute than a program may.
        state.api_requests.clear()
        headers = {"Authorization": f"Bearer {made.secret}"}
        answer = client.get(f"/api/v1/accounts/acme/{path}", query, headers=headers)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return ask


@pytest.fixture
def page(opened: OpenLedgers, db: None) -> Ask:
    """`page("reports/…", channel=["web"])`: the HTML that an owner sees."""
    user = User.objects.create_user("owner@example.org")
    Membership.objects.create(user=user, account="acme", role=Role.OWNER)
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def ask(path: str, **query: Any) -> str:
        answer = browser.get(f"/a/acme/{path}", query)
        assert answer.status_code == 200
        return str(answer.content.decode())

    return ask


@pytest.fixture
def command(opened: OpenLedgers) -> Ask:
    """`command("report", "--channel", "web")`: what it prints as JSON, as the server runs it."""

    def run(*words: str) -> Any:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        context = replace(of_process(), stdout=out, folder=SharedFolder(opened))
        arguments = [*words, "--account", "acme", "--format", "json", "--data", str(opened.folder.path)]
        with in_context(context):
            assert exit_code(arguments) == 0
        out.flush()
        return json.loads(out.buffer.getvalue())  # type: ignore[attr-defined]

    return run


@pytest.fixture(scope="session")
def python(opened: OpenLedgers) -> Iterator[botmeter.AccountReader]:
    """The account as Python reads it, through the server."""
    with serve_commands(SharedFolder(opened), run=run_hosted):
        yield botmeter.open(opened.folder.path).account("acme")
