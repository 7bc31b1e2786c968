"""Imports on pages: an uploaded file's preview and mapping, its dry run, import, receipt and undo."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from botmeter.domain.errors import Conflict, Unavailable
from botmeter.live.imports import JobState
from botmeter.live.server_state import ServerState
from botmeter.live.uploads import Upload
from botmeter.people.models import AuditEntry, User
from support.forms import form_values
from support.html import widget_values

from .conftest import MakeBrowser

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# Local times in India; the fourth row is no date, the fifth a second session.
CHATS = """Message ID;Thread;Phone;Sent;From;Bot
m-1;t-9;+91 98;21/03/2026 04:00:00;visitor;
m-2;t-9;+91 98;21/03/2026 04:00:02;assistant;Order bot
m-3;t-9;+91 98;21/03/2026 04:07:30;visitor;
m-4;t-9;+91 98;21/13/2026 04:08:00;visitor;
m-5;t-9;+91 98;22/03/2026 04:00:00;visitor;
"""
MAPPING = {
    "event_id": {"column": "Message ID"},
    "occurred_at": {"column": "Sent", "format": "%d/%m/%Y %H:%M:%S", "timezone": "Asia/Kolkata"},
    "conversation_id": {"column": "Thread"},
    "customer_id": {"column": "Phone"},
    "actor": {"column": "From", "values": {"visitor": "customer", "assistant": "bot"}},
    "bot_id": {"constant": "orders"},
}


@dataclass
class Page:
    """The page of an uploaded file, in a browser."""

    client: Client
    href: str

    @property
    def text(self) -> str:
        return self.client.get(self.href).content.decode()

    @property
    def mapping(self) -> dict[str, object]:
        """Of the address."""
        query = parse_qs(urlsplit(self.href).query)
        return dict(json.loads(query.get("mapping", ["{}"])[0]))

    def submit(self, what: str, **changed: str) -> str:
        """Press a button; go where it leads."""
        values = form_values(self.text, "import-form") | {name: [value] for name, value in changed.items()}
        answer = self.client.post(self.href, {**values, "what": what}, follow=True)
        self.href = answer.request["PATH_INFO"] + "?" + answer.request["QUERY_STRING"]
        return answer.content.decode()


@pytest.fixture
def jobs_at_once(state: ServerState) -> Iterator[None]:
    """Jobs run where they are started, so that they see the test's transaction."""
    state.imports.begin = lambda run: run()
    yield
    for file in state.uploads.of_account("acme"):
        state.uploads.remove(file)


def stored(state: ServerState, content: bytes, *, name: str = "chats.csv") -> Upload:
    with state.uploads.receiving("acme", announced_bytes=len(content)) as draft:
        draft.write(content)
        return state.uploads.keep("acme", draft, file_name=name, by="olga@example.org")


@pytest.fixture
def page(state: ServerState, jobs_at_once: None, browser: MakeBrowser, owner: User) -> Page:
    """The page of `CHATS` with its mapping."""
    upload = stored(state, CHATS.encode())
    page = Page(browser(owner), reverse("uploaded-file", args=("acme", upload.number)))
    page.submit("text", text=json.dumps(MAPPING))
    return page


def rows_of(page: str, widget: str) -> list[str]:
    """Texts of a table's rows."""
    body = re.sub(r"\s+", " ", page.partition(f'data-widget="{widget}"')[2].partition("<tbody>")[2]).partition(
        "</tbody>"
    )[0]
    return [re.sub(r"(<[^>]*>| )+", " ", row).strip() for row in body.split("</tr>")[:-1]]


def session_count(client: Client) -> int:
    report = client.get("/a/acme/reports/bot-session-consumption?period=all").content.decode()
    return int(widget_values(report)["sessions-consumed"][0]["data-value"])


def test_the_first_rows_are_shown_as_events_with_refusals_beside_them(page: Page) -> None:
    assert page.mapping == MAPPING
    rows = rows_of(page.text, "import-preview")
    assert rows[0] == "1 21/03/2026 04:00:00 20 Mar 2026 22:30:00 customer t-9 +91 98 orders unknown m-1"
    assert rows[3].startswith("4 21/13/2026 04:08:00 time_invalid")
    assert len(rows) == 5
    assert "First 5 records, 1 refused" in page.text


def test_submitting_the_form_unchanged_changes_nothing(page: Page) -> None:
    before = page.href
    page.submit("preview")
    assert page.mapping == MAPPING
    assert page.href == before


def test_a_mapping_is_proposed_and_corrected_field_by_field(page: Page) -> None:
    page.href = urlsplit(page.href).path
    options = form_values(page.text, "import-form")
    assert json.loads(options["at.event_id"][0]) == {"column": "Message ID"}
    page.submit(
        "preview",
        **{
            "at.occurred_at": '{"column":"Sent"}',
            "time.format": "pattern",
            "time.pattern": "%d/%m/%Y %H:%M:%S",
            "time.timezone": "Asia/Kolkata",
            "at.bot_id": "constant",
            "constant.bot_id": "orders",
            "at.channel": "",
            "missing.channel": "whatsapp",
        },
    )
    assert page.mapping["occurred_at"] == MAPPING["occurred_at"]
    assert page.mapping["bot_id"] == {"constant": "orders"}
    assert page.mapping["channel"] == {"column": "channel", "values": {"": "whatsapp"}}


def test_a_dry_run_says_what_an_import_would_do_and_changes_nothing(page: Page) -> None:
    before = session_count(page.client)
    answer = page.submit("dry-run")
    assert "The import would accept 4 events, 1 rejected." in answer
    assert "2 sessions more in 2 days, 2 of them over, so restated." in answer
    assert rows_of(answer, "dry-run")[0].startswith("4 m-4 time_invalid")
    assert session_count(page.client) == before
    page.submit("preview", source="other")
    assert "The import would accept" not in page.text, "It was made with another source."


@pytest.mark.slow
def test_an_import_counts_at_once_and_is_undone_with_a_reason(page: Page, state: ServerState) -> None:
    client, before = page.client, session_count(page.client)
    receipt = page.submit("import", source="oldchat")
    assert page.href.startswith("/a/acme/admin/imports/1?")
    assert [re.findall(rf'data-count="{name}">(\d+)<', receipt) for name in ("accepted", "rejected")] == [["4"], ["1"]]
    assert rows_of(receipt, "import-rejections")[0].startswith("4 m-4 time_invalid")
    assert "olga@example.org" in receipt
    assert "oldchat" in receipt
    assert session_count(client) == before + 2
    assert state.uploads.of_account("acme") == []
    assert rows_of(client.get("/a/acme/admin/imports").content.decode(), "imports")[0].startswith("chats.csv oldchat")

    asked = client.post("/a/acme/admin/imports/1", {"reason": "Sent twice"}).content.decode()
    assert "This removes 4 events from the account" in asked
    refused = client.post("/a/acme/admin/imports/1", {"reason": " ", "confirmed": "yes"}, follow=True).content.decode()
    assert "Give a reason" in refused
    undone = client.post("/a/acme/admin/imports/1", {"reason": "Sent twice", "confirmed": "yes"}, follow=True)
    assert "by olga@example.org: Sent twice. 2 sessions fewer in 2 days" in undone.content.decode()
    assert session_count(client) == before
    again = client.post("/a/acme/admin/imports/1", {"reason": "Again", "confirmed": "yes"}, follow=True)
    assert "was undone already" in again.content.decode()

    entries = list(AuditEntry.objects.order_by("pk").values_list("action", "who"))
    assert entries[-2:] == [("imported", "olga@example.org"), ("import_undone", "olga@example.org")]


@pytest.mark.slow
def test_an_undo_names_later_files_that_repeated_its_events(page: Page, state: ServerState) -> None:
    page.submit("import")
    again = Page(
        page.client, reverse("uploaded-file", args=("acme", stored(state, CHATS.encode(), name="b.csv").number))
    )
    again.submit("start", start="import/1")
    again.submit("import")
    undone = page.client.post("/a/acme/admin/imports/1", {"reason": "Wrong", "confirmed": "yes"}, follow=True)
    assert "to count them, import again: b.csv." in undone.content.decode()


def test_a_past_mapping_is_taken_over_for_the_next_file(page: Page, state: ServerState) -> None:
    page.submit("import", source="oldchat")
    again = stored(state, CHATS.replace("m-", "n-").encode(), name="april.csv")
    page.href = reverse("uploaded-file", args=("acme", again.number))
    assert "From chats.csv" in page.text
    page.submit("start", start="import/1")
    assert page.mapping == MAPPING
    assert form_values(page.text, "import-form")["source"] == ["oldchat"]


def test_a_file_of_a_platform_is_read_in_its_format(page: Page, state: ServerState) -> None:
    activity = {
        "type": "message",
        "id": "a1",
        "timestamp": "2026-03-21T04:00:00Z",
        "channelId": "webchat",
        "from": {"id": "u1", "role": "user"},
        "conversation": {"id": "v9"},
        "text": "hello",
    }
    file = stored(state, json.dumps(activity).encode(), name="activities.json")
    page.href = reverse("uploaded-file", args=("acme", file.number))
    assert "This looks like a file of Bot Framework" in page.text
    link = re.findall(r'href="([^"]*platform=botframework[^"]*)"', page.text)
    page.submit("preview", format="platform/botframework")
    assert html.unescape(link[0]) == page.href
    assert "This looks like" not in page.text
    assert rows_of(page.text, "import-preview")[0].startswith("1 21 Mar 2026 04:00:00 customer botframework:webchat:v9")
    values = form_values(page.text, "import-form")
    assert values["source"] == ["botframework"]
    page.submit("preview", bot="helper")
    assert " helper " in rows_of(page.text, "import-preview")[0]
    assert "1 session more" in page.submit("dry-run")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x00\x01\x02\x03 no table", "is not CSV"),
        ("Zeit;Grüße\n1;2\n".encode("latin-1"), "is not"),
        (b"", "empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(page: Page, state: ServerState, content: bytes, code: str) -> None:
    page.href = reverse("uploaded-file", args=("acme", stored(state, content, name="bad.bin").number))
    assert "The file can’t be read with these settings." in page.text
    assert code in page.text.partition('class="notice bad"')[2].partition("</div>")[0]
    assert "failed; nothing was changed" in page.submit("import")


def test_a_wrong_mapping_is_a_sentence_and_the_form_stays(page: Page) -> None:
    answer = page.submit("text", text="event_id = nothing")
    assert "Invalid mapping: the text is neither TOML nor JSON" in answer
    answer = page.submit("text", text='event_id = { column = "Number" }')
    assert "has no column &#39;Number&#39;" in answer or "has no column" in answer
    for mapping in ("[1]", "x" * 16_001, '{"occurred_at":5}'):
        assert page.client.get(f"{urlsplit(page.href).path}?mapping={mapping}").status_code == 400
    # As with any name that is no field, the form shows the file, and the import says which names there are.
    page.href = f'{urlsplit(page.href).path}?mapping={{"columns":5}}'
    assert "unknown field &#39;columns&#39;" in page.submit("dry-run")


def test_another_job_of_the_account_and_a_stopped_one_are_told(page: Page, state: ServerState) -> None:
    queued: list[object] = []
    state.imports.begin = queued.append
    running = page.submit("import")
    assert "Waiting for another import." in running
    other = stored(state, CHATS.encode(), name="other.csv")
    second = Page(page.client, reverse("uploaded-file", args=("acme", other.number)))
    assert "chats.csv is still running; an account runs one at a time" in second.submit("dry-run")
    with pytest.raises(Conflict) as refused:
        state.imports.start(JobState(key="x", account="acme", file_name="x", kind="undo"), lambda job: job)
    assert refused.value.code == "import_running"
    removal = page.client.post("/a/acme/admin/imports", {"remove": urlsplit(page.href).path.split("/")[-2]})
    assert removal.status_code == 400

    page.client.post(urlsplit(page.href).path)
    queued[0]()  # type: ignore[operator]
    stopped = page.client.get(urlsplit(page.href).path, follow=True).content.decode()
    assert "Import stopped." in stopped
    assert len(state.uploads.of_account("acme")) == 2


def test_the_server_has_a_limit_on_waiting_imports(state: ServerState) -> None:
    state.imports.begin = lambda run: None  # noqa: ARG005 - nothing runs
    for number in range(21):
        state.imports.start(
            JobState(key=str(number), account=f"a{number}", file_name="f", kind="import"), lambda job: job
        )
    with pytest.raises(Unavailable, match="20 files of other accounts are waiting") as refused:
        state.imports.start(JobState(key="more", account="more", file_name="f", kind="import"), lambda job: job)
    assert refused.value.code == "imports_busy"


def test_an_uploaded_file_is_removed_from_the_list(page: Page, state: ServerState) -> None:
    [file] = state.uploads.of_account("acme")
    answer = page.client.post("/a/acme/admin/imports", {"remove": file.number, "confirmed": "yes"}, follow=True)
    assert "chats.csv was removed." in answer.content.decode()
    assert page.client.get(page.href).status_code == 404


def test_the_progress_of_a_job_that_is_over_leads_to_its_result(page: Page) -> None:
    page.submit("dry-run")
    run = f"{urlsplit(page.href).path}/run"
    answer = page.client.get(run, headers={"hx-request": "true"})
    assert answer["HX-Redirect"].endswith("#result")
    assert page.client.get("/a/acme/admin/imports/99").status_code == 404


def test_an_encoding_is_chosen_for_a_file_that_is_not_utf_8(page: Page, state: ServerState) -> None:
    content = "Nr;Chat;Käufer;Wann;Wer\n1;9;Jörg;21.03.2026 04:00:00;Besucher\n".encode("windows-1252")
    file = stored(state, content, name="märz.csv")
    page.href = reverse("uploaded-file", args=("acme", file.number))
    assert "Choose the text encoding below" in page.text
    unreadable = page.href
    for what in ("preview", "propose"):
        page.href = unreadable
        page.submit(what, encoding="windows-1252")
        assert page.mapping == {"encoding": "windows-1252"}
        assert rows_of(page.text, "import-preview")[0].startswith(
            "1 21.03.2026 04:00:00 21 Mar 2026 04:00:00 customer 9 Jörg"
        )
    page.submit("preview", format="platform/freshchat")
    assert page.mapping == {"encoding": "windows-1252"}
    page.submit("preview", encoding="")
    assert "Choose the text encoding below" in page.text


def test_a_field_without_a_column_is_named(page: Page, state: ServerState) -> None:
    file = stored(state, b"id;chat;phone;who;sent\n1;c1;p1;visitor;1,77236E+12\n", name="rounded.csv")
    page.href = reverse("uploaded-file", args=("acme", file.number))
    assert "Choose a column for Time." in page.text
    assert "sent is in scientific notation, whose last digits are lost" in page.text
    page.submit("preview", **{"at.occurred_at": '{"column":"sent"}', "time.format": "epoch_ms"})
    assert "time_invalid" in rows_of(page.text, "import-preview")[0]


def test_cloudevents_keep_the_ids_that_they_have_by_http(page: Page, state: ServerState) -> None:
    event = {"specversion": "1.0", "type": "chat", "source": "/bot", "id": "1", "time": "2026-03-21T04:00:00Z"}
    event |= {"data": {"conversation_id": "c", "customer_id": "u", "actor": "customer", "bot_id": "orders"}}
    file = stored(state, json.dumps([event]).encode(), name="events.json")
    page.href = reverse("uploaded-file", args=("acme", file.number))
    assert rows_of(page.text, "import-preview")[0].endswith("customer c u orders unknown /bot 1")
    assert "The import would accept 1 event" in page.submit("dry-run")
    receipt = page.submit("import")
    assert re.findall(r'data-count="accepted">(\d+)<', receipt) == ["1"]
