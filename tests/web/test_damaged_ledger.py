"""An account with a damaged ledger: one sentence on pages and in the API; other accounts, metrics and health go on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from tests.support.damage import damage_block

from botmeter.domain.errors import Unavailable
from botmeter.ledger.complete_read import read_everything
from botmeter.live.server_state import ServerState
from botmeter.people.keys import KeyDraft, Scope, new_key
from botmeter.people.rights import Role
from botmeter.web.health import readiness_problem, refused_accounts
from support.ledgers import event
from support.served import served
from support.server_state import in_use
from web.conftest import MakeBrowser, MakePerson

pytestmark = pytest.mark.django_db
SENTENCE = "The ledger of account acme is damaged. Restore it from a backup."
EVENTS = [event("e1", "2026-03-01T10:00", attributes={"note": "n" * 90})]


@pytest.fixture
def damaged(tmp_path: Path) -> Iterator[ServerState]:
    """The state of a server with two accounts, of which acme is damaged where only a complete read notices it."""
    with served(tmp_path, {"acme": EVENTS, "zeta": EVENTS}) as ledgers:
        damage_block(ledgers.folder.file_of("acme"), holding=b"n" * 90)
        with in_use(ledgers) as state:
            yield state


def note_damage(state: ServerState) -> None:
    with pytest.raises(Unavailable), state.ledgers.reading("acme") as ledger:
        read_everything(ledger.connection)


def test_pages_and_api_of_that_account_alone_give_the_sentence(
    damaged: ServerState, browser: MakeBrowser, person: MakePerson
) -> None:
    note_damage(damaged)
    owner = person("ada@example.org", role=Role.OWNER)
    person("ada@example.org", role=Role.OWNER, account="zeta")
    page = browser(owner).get("/a/acme/reports/bot-session-consumption")
    assert (page.status_code, SENTENCE in page.content.decode()) == (503, True)
    assert browser(owner).get("/a/zeta/reports/bot-session-consumption").status_code == 200
    assert browser(owner).get("/").status_code in {200, 302}
    for name, status in (("acme", 503), ("zeta", 200)):
        secret = new_key(name, KeyDraft(name="k", scopes=(Scope.ADMIN,)), created_by=None).secret
        answer = Client().get(
            f"/api/v1/accounts/{name}/reports/session-usage", headers={"Authorization": f"Bearer {secret}"}
        )
        assert answer.status_code == status
        assert name == "zeta" or (answer.json()["code"], answer.json()["detail"]) == ("ledger_corrupt", SENTENCE)


def test_metrics_count_it_and_readiness_names_it(damaged: ServerState, client: Client) -> None:
    damaged.store._accounts |= {"acme", "zeta"}
    with damaged.ledgers.writing("zeta"), damaged.ledgers.reading("acme"):
        assert b"botmeter_ledgers_refused 0.0\n" in client.get("/metrics").content
    note_damage(damaged)
    assert b"botmeter_ledgers_refused 1.0\n" in client.get("/metrics").content
    assert readiness_problem(damaged) is None
    assert refused_accounts(damaged) == [SENTENCE]


def test_a_lost_ledger_is_named_too(damaged: ServerState) -> None:
    with damaged.ledgers.writing("zeta"):
        pass
    damaged.ledgers.close_idle(0)
    damaged.ledgers.folder.file_of("zeta").unlink()
    assert [sentence.partition(".")[0] for sentence in refused_accounts(damaged)] == [
        "The ledger of account zeta is gone"
    ]
