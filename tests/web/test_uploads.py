"""Files that a page's form sends: who may, what is stored, and what is refused before or while the body is read."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from botmeter.domain.errors import BotmeterError
from botmeter.ledger.folder import Folder
from botmeter.live.server_state import ServerState
from botmeter.live.uploads import Upload, UploadLimits, Uploads
from botmeter.people.models import AuditEntry, User
from botmeter.people.rights import Role
from botmeter.server.front.body import BodyLimits
from botmeter.server.front.protocol import Receive
from botmeter.server.front.request import BodyBudget, Request
from botmeter.server.uploads import FileReceiver
from botmeter.web.upload_tickets import RECEIVED_KEY
from support.asgi_requests import body_cut_after, body_in, body_stalled_after, scope_of
from support.ledgers import made_account
from support.live import run_beside_django

from .conftest import MakeBrowser, MakePerson

pytestmark = pytest.mark.django_db

CONTENT = b"event_id,occurred_at\nm-1,2026-03-31T09:00Z\n"
BOUNDARY = "----of-a-browser"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def form(content: bytes = CONTENT, *, name: str = "chats.csv", field: str = "file") -> bytes:
    """Body of a browser's form with a file."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
    head += "Content-Type: text/csv\r\n\r\n"
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


class Sender:
    """A browser whose forms the server receives."""

    def __init__(self, uploads: Uploads, client: Client) -> None:
        self.uploads = uploads
        self.client = client

    @property
    def path(self) -> str:
        """Target of the form on the page."""
        page = self.client.get(reverse("imports", args=("acme",))).content.decode()
        return re.findall(r'action="([^"]*/upload/[^"]*)"', page)[0]

    def send(self, path: str, receive: Receive, *, size: int | None = None, media_type: str = MULTIPART) -> object:
        """Return what the server notes for Django: an upload, or the error."""
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self.client.cookies.items())
        headers = {"cookie": cookies, "content-type": media_type}
        if size is not None:
            headers["content-length"] = str(size)
        scope = scope_of("POST", path, headers=headers.items())
        request = Request(scope, receive, budget=BodyBudget(bytes_max=0, holder_bytes_max=0))
        limits = BodyLimits(bytes_max=0, idle_seconds=0.05, total_seconds=5)
        assert run_beside_django(FileReceiver(self.uploads, limits=limits)(request))
        return request.notes[RECEIVED_KEY]

    def upload(self, content: bytes = CONTENT, *, name: str = "chats.csv") -> object:
        body = form(content, name=name)
        pieces = [body[start : start + 50] for start in range(0, len(body), 50)]
        return self.send(self.path, body_in(*pieces), size=len(body))


@pytest.fixture
def sender(state: ServerState, browser: MakeBrowser, owner: User) -> Iterator[Sender]:
    yield Sender(state.uploads, browser(owner))
    for file in state.uploads.of_account("acme"):
        state.uploads.remove(file)


def code_of(received: object) -> str:
    assert isinstance(received, BotmeterError), received
    return received.code


def stored(state: ServerState) -> list[str]:
    return sorted(path.name for path in (state.ledgers.folder.path / "uploads").glob("*/*"))


def test_a_file_is_stored_as_it_was_sent_and_leads_to_its_page(sender: Sender, state: ServerState) -> None:
    content = CONTENT + os.urandom(300_000)
    received = sender.upload(content, name="März 'chats'.csv")
    assert isinstance(received, Upload)
    assert received.path.read_bytes() == content
    assert received.path.stat().st_mode & 0o777 == 0o600
    assert (received.file_name, received.by, received.account) == ("März 'chats'.csv", "olga@example.org", "acme")

    answer = sender.client.post(sender.path, **{RECEIVED_KEY: received})
    assert answer["Location"] == reverse("uploaded-file", args=("acme", received.number))
    entry = AuditEntry.objects.get(action="file_uploaded")
    assert (entry.account, entry.who, entry.detail["file"]) == ("acme", "olga@example.org", "März 'chats'.csv")
    assert "März &#39;chats&#39;.csv" in sender.client.get(reverse("imports", args=("acme",))).content.decode()


def test_a_script_is_told_where_to_go_on(sender: Sender) -> None:
    received = sender.upload()
    answer = sender.client.post(sender.path, headers={"hx-request": "true"}, **{RECEIVED_KEY: received})
    assert answer["HX-Redirect"].startswith("/a/acme/admin/imports/files/")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../../secret.csv", "secret.csv"), ("\u202evsc.exe", "vsc.exe"), ("x" * 300 + ".csv", "x" * 196 + ".csv")],
)
def test_the_name_of_a_file_names_no_folder_and_reorders_no_text(sender: Sender, name: str, shown: str) -> None:
    received = sender.upload(name=name)
    assert isinstance(received, Upload)
    assert received.file_name == shown
    assert received.path.parent.name == "acme"


def test_a_refusal_is_shown_on_the_page(sender: Sender, state: ServerState) -> None:
    refused = sender.send(sender.path, body_in(b""), size=2 << 30)
    assert code_of(refused) == "upload_too_large"
    answer = sender.client.post(sender.path, follow=True, **{RECEIVED_KEY: refused})
    page = answer.content.decode()
    assert "The file was not uploaded." in page
    assert "the limit of an upload is 1,073,741,824" in page
    assert stored(state) == []


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (UploadLimits(bytes_max=len(CONTENT) - 1), "upload_too_large"),
        (UploadLimits(waiting_by_account_max=0), "uploads_too_many"),
        (UploadLimits(waiting_max=0), "uploads_busy"),
        (UploadLimits(receiving_max=0), "uploads_busy"),
        (UploadLimits(receiving_by_account_max=0), "uploads_busy"),
        (UploadLimits(free_bytes_min=1 << 60), "disk_full"),
    ],
)
def test_a_limit_refuses_a_file_and_keeps_nothing(
    sender: Sender, state: ServerState, limits: UploadLimits, code: str
) -> None:
    sender.uploads = Uploads(state.ledgers.folder.path, limits=limits)
    assert code_of(sender.upload()) == code
    assert stored(state) == []


@pytest.mark.parametrize(
    ("body", "media_type", "code"),
    [
        (form(b""), MULTIPART, "upload_missing"),
        (form(name=""), MULTIPART, "upload_missing"),
        (b"what=upload", "application/x-www-form-urlencoded", "upload_invalid"),
        (CONTENT, "text/csv", "upload_invalid"),
    ],
)
def test_a_form_without_a_file_is_refused(
    sender: Sender, state: ServerState, body: bytes, media_type: str, code: str
) -> None:
    assert code_of(sender.send(sender.path, body_in(body), size=len(body), media_type=media_type)) == code
    assert stored(state) == []


def test_a_body_of_unknown_size_is_refused(sender: Sender) -> None:
    assert code_of(sender.send(sender.path, body_in(form()))) == "upload_invalid"


@pytest.mark.parametrize(
    ("receive", "code"), [(body_cut_after, "body_incomplete"), (body_stalled_after, "body_too_slow")]
)
def test_a_file_that_is_cut_off_or_stalls_leaves_nothing(
    sender: Sender, state: ServerState, receive: type, code: str
) -> None:
    sent = form()[:-20]
    assert code_of(sender.send(sender.path, receive(sent), size=len(form()))) == code
    assert stored(state) == []


def test_an_unwritable_folder_is_a_sentence(sender: Sender, state: ServerState, tmp_path: Path) -> None:
    path = sender.path
    (tmp_path / "uploads").write_text("a file where the folder would be")
    sender.uploads = Uploads(tmp_path)
    assert code_of(sender.send(path, body_in(form()), size=len(form()))) == "uploads_unwritable"


def test_nothing_of_a_body_is_read_without_the_right(
    sender: Sender, state: ServerState, browser: MakeBrowser, person: MakePerson, stranger: User
) -> None:
    path, unread = sender.path, body_stalled_after()
    admin = Sender(state.uploads, browser(person("bea@example.org", role=Role.BILLING_ADMIN)))
    assert isinstance(admin.upload(), Upload)
    assert code_of(Sender(state.uploads, browser()).send(path, unread, size=10)) == "page_unknown"
    assert code_of(Sender(state.uploads, browser(stranger)).send(path, unread, size=10)) == "page_unknown"
    # Of who may sign in, the rest of the body is dropped, so that their browser shows the answer.
    analyst = Sender(state.uploads, browser(person("ana@example.org", role=Role.ANALYST)))
    assert code_of(analyst.send(path, body_in(form()), size=len(form()))) == "right_missing"
    assert code_of(admin.send(path, body_in(form()), size=len(form()))) == "form_foreign"
    guessed = reverse("upload", args=("acme", "guessed"))
    assert code_of(sender.send(guessed, body_in(form()), size=len(form()))) == "form_foreign"


def test_the_form_of_one_account_is_not_that_of_another(
    sender: Sender, person: MakePerson, owner: User, state: ServerState
) -> None:
    person(owner.email, role=Role.OWNER, account="other")
    foreign = sender.path.replace("/a/acme/", "/a/other/")
    assert code_of(sender.send(foreign, body_in(form()), size=len(form()))) == "form_foreign"


def test_other_posts_are_no_uploads(state: ServerState) -> None:
    request = Request(
        scope_of("POST", "/a/acme/admin/imports"),
        body_stalled_after(),
        budget=BodyBudget(bytes_max=0, holder_bytes_max=0),
    )
    assert run_beside_django(FileReceiver(state.uploads)(request)) is False


def test_the_files_of_a_deleted_account_leave_with_it(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    with Folder.owned(tmp_path, purpose="a test") as folder:
        made_account(folder)
        with uploads.receiving("acme", announced_bytes=1) as draft:
            draft.write(b"x")
            uploads.keep("acme", draft, file_name="x.csv", by="olga@example.org")
        folder.remove("acme")
    assert uploads.of_account("acme") == []
    assert not (tmp_path / "uploads" / "acme").exists()


def test_files_are_removed_after_a_day_and_drafts_at_the_start(sender: Sender, state: ServerState) -> None:
    old, new = sender.upload(), sender.upload()
    assert isinstance(old, Upload)
    assert isinstance(new, Upload)
    for path in (old.path, old.path.with_suffix(".json")):
        os.utime(path, (0, 0))
    draft = new.path.with_suffix(".part")
    draft.write_bytes(b"half of a file")

    state.uploads.remove_abandoned()
    assert [file.number for file in state.uploads.of_account("acme")] == [new.number]
    assert draft.exists()
    state.uploads.remove_drafts()
    assert not draft.exists()
    answer = sender.client.get(reverse("uploaded-file", args=("acme", old.number)))
    assert answer.status_code == 404
    assert "upload_unknown" in answer.content.decode()
