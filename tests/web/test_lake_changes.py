"""Merges and undone imports of an account in a lake: page and API say that the next run applies them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from tests.support.lakes import run, written_files
from tests.support.ledgers import NOW_US, event

from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.live.lake_watch import lake_watch
from botmeter.live.server_state import ServerState
from botmeter.people.keys import ACCOUNT_SCOPES, KeyDraft, new_key
from botmeter.people.models import AuditEntry, User

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = [pytest.mark.django_db, pytest.mark.slow]

MERGE = "/a/acme/customers/same"
APPLIED = "The account is in a lake: the next run of the lake applies this."


@pytest.fixture(name="run_lake")
def lake_of_acme(ledgers: OpenLedgers, tmp_path: Path) -> Callable[[str], None]:
    """`run_lake("e1")`: a run of acme's lake, which reads one event and is followed."""
    from botmeter.lake.move import import_from_ledger
    from botmeter.lake.root import LakeRoot

    root = LakeRoot.at(str(tmp_path / "lake"))
    import_from_ledger(SharedFolder(ledgers), "acme", root=root, now_us=NOW_US)

    def run_with(event_id: str) -> None:
        run(root, written_files(tmp_path, event_id, [event(event_id, "2026-03-31T10:00", customer_id="c9")]))
        lake_watch(ledgers).check_all()

    return run_with


def test_a_merge_is_applied_by_the_next_run(
    owner: User, browser: Callable[..., Client], run_lake: Callable[[str], None]
) -> None:
    client = browser(owner)
    preview = client.post(MERGE, {"step": "preview", "customer_id": "c1", "aliases": "c2"}).content.decode()
    assert APPLIED in preview
    client.post(MERGE, {"step": "merge", "pairs": "customer_id,alias\nc1,c2\n"})
    merged = client.get(MERGE).content.decode()
    assert APPLIED in merged
    assert "No merges yet" in merged
    key = new_key("acme", KeyDraft(name="k", scopes=ACCOUNT_SCOPES), created_by=None)
    body = json.dumps({"customer_id": "c1", "aliases": ["c3"]})
    answer = client.post(
        "/api/v1/accounts/acme/customers/merge",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {key.secret}"},
    ).json()
    assert (answer["waits"], answer["change"], answer["events"]) == (True, 2, 0)
    run_lake("e1")
    page = client.get(MERGE).content.decode()
    assert page.count('value="undo"') + page.count("step=undo") == 2
    assert AuditEntry.objects.filter(action="customers_merged").count() == 2


def test_an_undone_import_waits_for_the_next_run(
    owner: User, browser: Callable[..., Client], run_lake: Callable[[str], None], state: ServerState
) -> None:
    client, path = browser(owner), "/a/acme/admin/imports/1"
    state.imports.begin = lambda work: work()
    run_lake("e1")
    asked = client.post(path, {"reason": "Sent twice"}).content.decode()
    assert "The account is in a lake: its next run removes 1 event" in asked
    client.post(path, {"reason": "Sent twice", "confirmed": "yes"}, follow=True)
    assert "The next run of the account&#39;s lake undoes this import." in client.get(path).content.decode()
    assert "Undo pending" in client.get("/a/acme/admin/imports").content.decode()
    run_lake("e2")
    undone = client.get(path).content.decode()
    assert "Sent twice" in undone
    assert "No session changed" not in undone
