"""First steps of an account without events, and its sample data."""

import json
import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.test import Client
from tests.support.ledgers import append_events, event, made_account

from botmeter.demo import SAMPLE_DAYS
from botmeter.domain.account import Account
from botmeter.domain.errors import Conflict
from botmeter.domain.instant import now_us
from botmeter.domain.period import day_of_us
from botmeter.ledger.imports import ImportKind, imports
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.sample_data import require_no_events
from botmeter.live.server_state import ServerState
from botmeter.people.models import AuditEntry
from botmeter.people.rights import Role
from botmeter.sources.platforms.registry import platform_codes
from botmeter.sources.reader import batch_from_json
from botmeter.web.pages.imports.sample_page import sample_start_us
from support.html import widget_values

from .conftest import MakeBrowser, MakePerson

pytestmark = pytest.mark.django_db

REPORT = "/a/fresh/reports/bot-session-consumption"
SAMPLE = "/a/fresh/admin/imports/sample"


@pytest.fixture(autouse=True)
def _fresh(state: ServerState, ledgers: OpenLedgers) -> None:
    """The account fresh, without events; jobs run where they are started."""
    state.imports.begin = lambda run: run()
    made_account(ledgers.folder, Account(name="fresh"))


@pytest.fixture
def olga(browser: MakeBrowser, person: MakePerson) -> Client:
    return browser(person("olga@example.org", role=Role.OWNER, account="fresh"))


def steps(client: Client, way: str) -> str:
    return unescape(client.get(f"{REPORT}?start={way}").content.decode())


def counted_sessions(client: Client) -> int:
    page = client.get(f"{REPORT}?period=all").content.decode()
    return int(widget_values(page)["sessions-consumed"][0]["data-value"])


def table_counts(ledger: Ledger) -> list[tuple[int, ...]]:
    tables = ("event", "session", "participation", "session_usage", "quarantine", "conversation_span")
    return [ledger.connection.execute(f"SELECT count(*) FROM {table}").fetchone() or () for table in tables]


def test_an_owner_is_one_click_from_each_way_to_begin(olga: Client) -> None:
    page = steps(olga, "file")
    assert 'href="/a/fresh/admin/imports"' in page.partition("<main")[2]
    assert f'action="{SAMPLE}"' in page
    for way in ("file", "http", "platform"):
        assert f'href="{REPORT}?start={way}"' in page
    assert 'href="/a/fresh/admin/keys"' in steps(olga, "http").partition("<main")[2]
    platforms = re.findall(r"/a/fresh/admin/sources\?platform=(\w+)#w-new-source", steps(olga, "platform"))
    assert tuple(platforms) == platform_codes()
    assert '<option value="rasa" selected>' in olga.get("/a/fresh/admin/sources?platform=rasa").content.decode()
    assert olga.get(f"{REPORT}?start=else").status_code == 400


def test_the_event_of_the_request_is_valid_as_it_is_shown(olga: Client) -> None:
    [body] = re.findall(
        r"-d '(\{.*?\})'", steps(olga, "http").partition("<code>curl")[2].partition("</code>")[0], re.DOTALL
    )
    batch = batch_from_json([body.encode()])
    assert (len(batch.events), batch.rejections) == (1, ())
    assert json.loads(body)["channel"] == "web"


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.VIEWER, set()),
        (Role.ANALYST, set()),
        (Role.BILLING_ADMIN, {"imports", "imports/sample"}),
        (Role.OWNER, {"imports", "imports/sample", "keys", "sources"}),
    ],
)
def test_the_steps_show_everybody_only_what_they_may_do(
    browser: MakeBrowser, person: MakePerson, role: Role, allowed: set[str]
) -> None:
    member = browser(person("mia@example.org", role=role, account="fresh"))
    text = "".join(steps(member, way).partition("<main")[2] for way in ("file", "http", "platform"))
    assert set(re.findall(r'/a/fresh/admin/([\w/]+)[?"]', text)) == allowed
    assert "Choose a file" in text
    assert member.post(SAMPLE, {"what": "x"}).status_code == (302 if "imports" in allowed else 403)


def test_rejected_events_of_an_empty_account_lead_to_quarantine(olga: Client, ledgers: OpenLedgers) -> None:
    with ledgers.writing("fresh") as ledger:
        append_events(ledger, event("early", "2019-01-01T10:00"))
    page = steps(olga, "file")
    assert "1 event rejected." in page
    assert 'href="/a/fresh/admin/quarantine"' in page.partition("<main")[2]


@pytest.mark.slow
def test_sample_data_fills_the_report_says_so_and_leaves_no_trace(
    olga: Client, browser: MakeBrowser, person: MakePerson, ledgers: OpenLedgers
) -> None:
    with ledgers.reading("fresh") as ledger:
        before = table_counts(ledger)
    loaded = olga.post(SAMPLE, {"what": "load"}, follow=True)
    assert loaded.request["PATH_INFO"] == REPORT
    page = loaded.content.decode()
    assert "This report has sample data." in page
    assert f'href="{SAMPLE}"' in page
    viewer = browser(person("vi@example.org", role=Role.VIEWER, account="fresh"))
    assert "This report has sample data." in (seen := viewer.get(REPORT).content.decode())
    assert SAMPLE not in seen
    with ledgers.reading("fresh") as ledger:
        [stored] = imports(ledger)
        days = ledger.connection.execute("SELECT min(occurred_at), max(occurred_at) FROM event").fetchone()
    assert (stored.kind, stored.imported_by, stored.rejected) == (ImportKind.SAMPLE, "olga@example.org", 0)
    assert 20_000 < stored.accepted < 40_000
    assert days is not None
    assert day_of_us(days[0]) == day_of_us(now_us()) - timedelta(days=SAMPLE_DAYS - 1)
    assert counted_sessions(olga) > 1_000
    assert (
        "has events. Sample data is for" in unescape(olga.post(SAMPLE, {"what": "load"}, follow=True).content.decode())
        or "Remove sample data" in olga.get(SAMPLE).content.decode()
    )

    assert (
        "Send the first events"
        in olga.post(SAMPLE, {"what": "remove", "confirmed": "yes"}, follow=True).content.decode()
    )
    with ledgers.reading("fresh") as ledger:
        assert table_counts(ledger) == before
    assert 'class="tag">Undone' in olga.get("/a/fresh/admin/imports").content.decode()
    actions = AuditEntry.objects.order_by("pk").values_list("action", "who")
    assert list(actions) == [("imported", "olga@example.org"), ("import_undone", "olga@example.org")]
    # Loaded again, it counts again.
    olga.post(SAMPLE, {"what": "load"})
    assert counted_sessions(olga) > 1_000


@pytest.mark.slow
def test_events_of_ones_own_stay_when_sample_data_is_removed_as_an_import(olga: Client, ledgers: OpenLedgers) -> None:
    olga.post(SAMPLE, {"what": "load"})
    with ledgers.writing("fresh") as ledger:
        append_events(ledger, event("own", "2026-03-01T10:00"))
    olga.post("/a/fresh/admin/imports/1", {"reason": "Sample", "confirmed": "yes"})
    page = olga.get(REPORT + "?period=all").content.decode()
    assert "sample data" not in page
    assert counted_sessions(olga) == 1
    assert "has events of its own" in olga.get(SAMPLE).content.decode()


@pytest.mark.slow
def test_sample_data_does_not_mix_with_events_of_ones_own(olga: Client, ledgers: OpenLedgers) -> None:
    with ledgers.writing("fresh") as ledger:
        append_events(ledger, event("own", "2026-03-01T10:00"))
    answer = unescape(olga.post(SAMPLE, {"what": "load"}, follow=True).content.decode())
    assert "Account fresh has events. Sample data is for accounts without any" in answer
    with ledgers.reading("fresh") as ledger, pytest.raises(Conflict) as refused:
        require_no_events(ledger)
    assert refused.value.code == "account_not_empty"
    assert "No action was given" in olga.post(SAMPLE, {"what": "x"}, follow=True).content.decode()
    assert counted_sessions(olga) == 1


def test_sample_data_before_the_data_start_date_is_refused(
    browser: MakeBrowser, person: MakePerson, ledgers: OpenLedgers
) -> None:
    later = Account(name="later", available_from=date(2199, 1, 1))
    made_account(ledgers.folder, later)
    with pytest.raises(Conflict) as refused:
        sample_start_us(later, now=now_us())
    assert refused.value.code == "sample_too_early"
    client = browser(person("lea@example.org", role=Role.OWNER, account="later"))
    answer = client.post("/a/later/admin/imports/sample", {"what": "load"}, follow=True).content.decode()
    assert "Account later has data from 1 Jan 2199" in answer


def test_a_job_that_runs_is_followed_to_the_report(olga: Client, state: ServerState) -> None:
    queued: list[object] = []
    state.imports.begin = queued.append
    started = olga.post(SAMPLE, {"what": "load"}, follow=True)
    assert started.request["PATH_INFO"] == SAMPLE
    assert 'id="progress"' in started.content.decode()
    state.imports.stop("fresh/sample")
    queued[0]()  # type: ignore[operator]
    assert olga.get(SAMPLE, headers={"HX-Request": "true"})["HX-Redirect"] == SAMPLE
    assert "Import stopped." in olga.get(SAMPLE).content.decode()
