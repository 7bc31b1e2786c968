"""Quarantine on pages: groups, search, retry, download, discard and bringing back."""

import json
import re
from urllib.parse import unquote

import pytest
from django.test import Client
from tests.support.ledgers import batch

from botmeter.domain.instant import now_us
from botmeter.domain.receipt import Rejection
from botmeter.ledger.append import Submission, append
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.quarantine import quarantined_numbers
from botmeter.live.imports import JobState
from botmeter.live.server_state import ServerState
from botmeter.people.models import AuditEntry, User
from botmeter.people.rights import Role

from .conftest import MakeBrowser, MakePerson

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PAGE = "/a/acme/admin/quarantine"
DOWNLOAD = f"{PAGE}/download"
HOSTILE = '<script>alert("x")</script> \u202e secret of a customer'


def rejection(index: int, code: str, *, raw: bytes, event_id: str | None = None) -> Rejection:
    return Rejection(index=index, event_id=event_id, code=code, detail=f"Problem of {event_id or index}.", raw=raw)


@pytest.fixture
def entries(state: ServerState, ledgers: OpenLedgers) -> None:
    """1 can be read now; 2 and 3 can't, and 3 has content that pages must not run or show to everyone."""
    state.imports.begin = lambda run: run()
    mended = (
        b'{"event_id": "q-1", "occurred_at": "2026-03-05T10:00:00Z", "conversation_id": "v9", "customer_id": "c9",'
        b' "actor": "customer", "bot_id": "b1", "channel": "web"}'
    )
    rejected = (
        rejection(0, "time_invalid", raw=mended, event_id="q-1"),
        rejection(1, "time_invalid", raw=b'{"event_id": "q-2"}', event_id="q-2"),
        rejection(2, "json_invalid", raw=HOSTILE.encode() + b" " * 9_000),
    )
    with ledgers.writing("acme") as ledger:
        append(
            ledger, [Submission(source="desk", batches=[batch([], rejections=rejected)], label="f")], now_us=now_us()
        )


@pytest.fixture
def olga(browser: MakeBrowser, owner: User, entries: None) -> Client:
    return browser(owner)


@pytest.fixture
def analyst(browser: MakeBrowser, person: MakePerson, entries: None) -> Client:
    return browser(person("ana@example.org", role=Role.ANALYST, may_export=True))


def shown(client: Client, query: str = "") -> list[str]:
    """Event ids and codes of the listed events."""
    page = client.get(PAGE + query).content.decode()
    table = page.partition('aria-label="Quarantined events table"')[2].partition("</table>")[0]
    return re.findall(r'<span class="id">(\w+)</span> Problem of ([\w-]+)\.', table)


def posted(client: Client, query: str = "", **values: object) -> str:
    return client.post(PAGE + query, values, follow=True).content.decode()


def waiting(ledgers: OpenLedgers) -> list[int]:
    with ledgers.reading("acme") as ledger:
        return quarantined_numbers(ledger)


def audited() -> dict[str, object]:
    entry = AuditEntry.objects.latest("pk")
    return {"who": entry.who, "action": entry.action, **entry.detail}


def test_entries_are_grouped_by_reason_with_counts_and_an_example(olga: Client) -> None:
    page = re.sub(r"<[^>]+>|\s+", " ", olga.get(PAGE).content.decode())
    assert re.search(r"time_invalid +2 +Problem of q-2\. +desk ", page)
    assert "3 of 3 events" in page
    assert "Quarantined (3)" in page


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("?code=time_invalid", ["q-1", "q-2"]),
        ("?search=Q-2", ["q-2"]),
        ("?search=secret", ["2"]),
        ("?source=desk&code=json_invalid", ["2"]),
        ("?source=else", []),
        ("?code=time_invalid&after=1", ["q-2"]),
        ("?show=discarded", []),
    ],
)
def test_the_address_chooses_events_by_code_source_and_text(olga: Client, query: str, codes: list[str]) -> None:
    assert [name for _, name in shown(olga, query)] == codes


def test_an_event_as_sent_is_escaped_and_cut(olga: Client) -> None:
    page = olga.get(PAGE).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(" in page
    assert "\u202e" not in page
    assert "Cut here; the download has the whole event." in page
    assert len(page) < 40_000


def test_the_selected_events_are_discarded_with_a_reason_and_brought_back(olga: Client, ledgers: OpenLedgers) -> None:
    assert "1 event discarded." in posted(olga, what="discard", which="selected", number=["2"], reason=" test data ")
    assert waiting(ledgers) == [1, 3]
    assert audited() == {
        "who": "olga@example.org",
        "action": "quarantine_discarded",
        "events": 1,
        "reason": "test data",
        "code": "",
    }
    page = olga.get(f"{PAGE}?show=discarded").content.decode()
    assert "olga@example.org" in page
    assert "test data" in page
    assert "1 event restored." in posted(olga, "?show=discarded", what="restore", which="selected", number=["2"])
    assert waiting(ledgers) == [1, 2, 3]
    assert (audited()["action"], audited()["events"]) == ("quarantine_restored", 1)


def test_all_events_of_a_reason_are_discarded_and_brought_back(olga: Client, ledgers: OpenLedgers) -> None:
    assert "2 events discarded." in posted(olga, "?code=time_invalid", what="discard", which="all", reason="old")
    assert waiting(ledgers) == [3]
    # Filters hold for the selected ones, too: an entry outside them is not touched.
    assert "0 events discarded." in posted(olga, "?code=x", what="discard", which="selected", number=["3"], reason="x")
    assert "2 events restored." in posted(olga, "?show=discarded", what="restore", which="all")
    assert waiting(ledgers) == [1, 2, 3]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"what": "discard", "which": "all", "reason": " "}, "Give a reason"),
        ({"what": "discard", "which": "selected", "reason": "x"}, "No event is selected."),
        ({"what": "discard", "number": ["1", "x"], "reason": "x"}, "A selected event has no valid number."),
        ({"what": "burn", "which": "all"}, "No action was given"),
    ],
)
def test_a_refused_action_changes_nothing_and_says_why(
    olga: Client, ledgers: OpenLedgers, values: dict[str, object], sentence: str
) -> None:
    assert sentence in posted(olga, **values)
    assert waiting(ledgers) == [1, 2, 3]


def test_a_retry_of_a_group_counts_what_can_be_read_now(olga: Client, ledgers: OpenLedgers) -> None:
    page = posted(olga, "?code=time_invalid", what="retry", which="all")
    assert "1 event left quarantine." in page
    assert "1 event of those retried remains." in page
    assert waiting(ledgers) == [2, 3]
    assert audited() == {
        "who": "olga@example.org",
        "action": "quarantine_retried",
        "accepted": 1,
        "duplicates": 0,
        "conflicts": 0,
        "rejected": 1,
        "code": "time_invalid",
        "source": "",
    }


def test_a_retry_that_runs_is_followed_until_it_ends(olga: Client, state: ServerState) -> None:
    queued: list[object] = []
    state.imports.begin = queued.append
    assert 'id="progress"' in posted(olga, what="retry", which="selected", number=["1"])
    assert "The retry of quarantined events is still running" in posted(olga, what="retry", which="all")
    queued[0]()  # type: ignore[operator]
    ended = olga.get(f"{PAGE}?retried=1", headers={"HX-Request": "true"})
    assert ended["HX-Redirect"] == f"{PAGE}?retried=1"
    assert "1 event left quarantine." in olga.get(f"{PAGE}?retried=1").content.decode()
    assert isinstance(state.imports.state("acme/quarantine"), JobState)


def test_the_download_is_the_export_of_the_command(olga: Client) -> None:
    answer = olga.get(f"{DOWNLOAD}?code=time_invalid")
    assert answer["Content-Disposition"] == 'attachment; filename="quarantine-acme.ndjson"'
    lines = [json.loads(line) for line in answer.getvalue().decode().splitlines()]
    assert [(line["number"], line["code"], line["event_id"]) for line in lines] == [
        (1, "time_invalid", "q-1"),
        (2, "time_invalid", "q-2"),
    ]
    assert lines[1]["raw"] == '{"event_id": "q-2"}'
    assert audited()["action"] == "exported"
    as_sent = olga.get(f"{DOWNLOAD}?search=q-2&form=raw").getvalue()
    assert as_sent == b'{"event_id": "q-2"}\n'


def test_an_analyst_sees_reasons_but_no_content_and_changes_nothing(analyst: Client, ledgers: OpenLedgers) -> None:
    page = analyst.get(PAGE).content.decode()
    assert "Problem of q-2." in page
    assert "secret of a customer" not in page
    assert 'name="what"' not in page
    assert "download" not in page
    # Nor does a search tell what it holds.
    assert shown(analyst, "?search=secret") == []
    assert analyst.get(DOWNLOAD).status_code == 403
    assert analyst.post(PAGE, {"what": "discard", "which": "all", "reason": "x"}).status_code == 403
    assert waiting(ledgers) == [1, 2, 3]


def test_a_billing_admin_without_the_right_to_export_downloads_nothing(
    browser: MakeBrowser, person: MakePerson, entries: None
) -> None:
    bill = browser(person("bill@example.org", role=Role.BILLING_ADMIN, may_export=False))
    page = bill.get(PAGE).content.decode()
    assert 'value="discard"' in page
    assert "/download" not in page
    assert bill.get(DOWNLOAD).status_code == 403


def test_a_viewer_sees_nothing_of_it(browser: MakeBrowser, person: MakePerson, entries: None) -> None:
    viewer = browser(person("vi@example.org", role=Role.VIEWER, may_export=True))
    assert viewer.get(PAGE).status_code == 403
    assert "/admin/quarantine" not in viewer.get("/a/acme/reports").content.decode()


def test_pages_lead_on_by_number(olga: Client, ledgers: OpenLedgers) -> None:
    many = tuple(rejection(index, "row_uneven", raw=b"%d" % index, event_id=f"r-{index}") for index in range(51))
    with ledgers.writing("acme") as ledger:
        append(ledger, [Submission(source="rows", batches=[batch([], rejections=many)], label="g")], now_us=now_us())
    first = olga.get(f"{PAGE}?code=row_uneven").content.decode()
    assert "50 of 51 events" in first
    [after] = re.findall(r"after=(\d+)", unquote(first.partition('class="pager"')[2].partition("</nav>")[0]))
    assert [name for _, name in shown(olga, f"?code=row_uneven&after={after}")] == ["r-50"]
    assert olga.get(f"{PAGE}?after=x").status_code == 400
