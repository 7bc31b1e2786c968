"""Share links: created with the right to share, displayed once, open to anyone until they expire or are revoked."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from botmeter.domain.instant import present
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.links import digest_of
from botmeter.people.models import AuditEntry, Membership, ShareLink, User
from botmeter.people.rights import Role
from botmeter.people.shares import NewShare, ShareDraft, new_share, revoke_share
from botmeter.web.pages.sharing import shared_views
from support.html import code_blocks

pytestmark = pytest.mark.django_db
SHARES = "/a/acme/shares"
# Of the three sessions of acme the two that start in March: one by bots b1 and b2, one by b1 alone.
MARCH = "from=2026-03-30&to=2026-03-31&timezone=UTC&compare=none"

MakeLink = Callable[..., NewShare]


@pytest.fixture
def link(ledgers: OpenLedgers, owner: User) -> MakeLink:
    """`link(MARCH, may_see_rows=True)`: a link to that view, created by the owner."""

    def made(query: str = MARCH, *, account: str = "acme", name: str = "March", may_see_rows: bool = False) -> NewShare:
        draft = ShareDraft(name=name, query=query, lasting_days=7, may_see_rows=may_see_rows)
        return new_share(account, draft, created_by=owner)

    return made


def sent(client: Client, path: str = SHARES, **fields: Any) -> Any:
    return client.post(path, {"name": "March", "lasting_days": 7, "query": MARCH, **fields}, follow=True)


def headline(page: str) -> int:
    match = re.search(r'data-widget="sessions-consumed".*?data-value="(\d+)"', page, re.DOTALL)
    assert match is not None
    return int(match[1])


def opened(client: Client, secret: str) -> str:
    answer = client.get(f"/s/{secret}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_link_is_displayed_once_and_stored_as_a_digest(
    owner: User, browser: Callable[..., Client], ledgers: object
) -> None:
    olga = browser(owner)
    page = sent(olga).content.decode()
    address = next(block for block in code_blocks(page) if "/s/" in block)
    secret = address.rpartition("/s/")[2]
    assert re.fullmatch(r"http://testserver/s/[\w-]{32}\.[\w-]{43}", address)
    assert ShareLink.objects.get().digest == digest_of(secret)
    assert secret not in olga.get(SHARES).content.decode()
    assert headline(opened(browser(), secret)) == 2


def test_creating_and_revoking_are_audited_without_the_secret(
    owner: User, browser: Callable[..., Client], ledgers: object
) -> None:
    olga = browser(owner)
    sent(olga, may_see_rows="on")
    stored = ShareLink.objects.get()
    olga.post(f"{SHARES}/{stored.pk}")
    entries = AuditEntry.objects.filter(account="acme", action__in=["view_shared", "share_revoked"])
    assert [entry.action for entry in entries] == ["share_revoked", "view_shared"]
    assert all(entry.detail["name"] == "March" for entry in entries)
    assert entries[1].detail["rows"] is True
    assert stored.digest not in str([entry.detail for entry in entries])


def test_a_link_needs_no_sign_in_and_sets_no_cookie(link: MakeLink, browser: Callable[..., Client]) -> None:
    visitor = browser()
    page = opened(visitor, link().secret)
    assert headline(page) == 2
    assert "Shared by Olga until" in page
    assert not visitor.cookies
    assert '<form method="post"' not in page


def test_a_shared_page_is_not_indexed_and_sends_no_referrer(link: MakeLink, client: Client) -> None:
    answer = client.get(f"/s/{link().secret}")
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert '<meta name="robots" content="noindex, nofollow">' in answer.content.decode()


@pytest.mark.parametrize("fault", ["expired", "revoked", "altered", "unsigned", "unknown", "cut", "of no account"])
@pytest.mark.parametrize("below", ["", "/rows", "/widgets/hours", "/filters/bot"])
def test_unusable_links_get_the_same_answer_as_unknown_ones(
    link: MakeLink, client: Client, fault: str, below: str
) -> None:
    made = link(account="gone" if fault == "of no account" else "acme", may_see_rows=True)
    secret = made.secret
    match fault:
        case "expired":
            ShareLink.objects.update(expires_at=present() - timedelta(seconds=1))
        case "revoked":
            revoke_share(made.link)
        case "altered":
            secret = ("B" if secret[0] == "A" else "A") + secret[1:]
        case "unsigned":
            secret = secret.partition(".")[0]
        case "unknown":
            made.link.delete()
        case "cut":
            secret = secret[:-1]
    answer = client.get(f"/s/{secret}{below}")
    assert answer.status_code == 404
    page = answer.content.decode()
    assert "share_over" in page
    assert "This link is no longer valid" in page
    assert "acme" not in page.lower()


def test_an_altered_link_is_refused_without_a_query(
    link: MakeLink, client: Client, django_assert_num_queries: Callable[..., Any]
) -> None:
    secret = link().secret
    with django_assert_num_queries(0):
        assert client.get(f"/s/{secret[:-1]}").status_code == 404


@pytest.mark.parametrize(
    ("path", "headers", "count"),
    [
        ("", {}, 1),
        ("", {"Sec-Fetch-Site": "none"}, 1),
        ("?channel=web", {"Sec-Fetch-Site": "cross-site"}, 1),
        # Narrowed on the page, or back to the whole view.
        ("?channel=web", {}, 0),
        ("?channel=web", {"Sec-Fetch-Site": "same-origin"}, 0),
        ("", {"Sec-Fetch-Site": "same-origin"}, 0),
        # Loaded by the browser before anybody clicked.
        ("", {"Sec-Fetch-Site": "none", "Sec-Purpose": "prefetch;prerender"}, 0),
        ("/widgets/hours", {}, 0),
    ],
)
def test_an_opening_is_counted_and_a_click_on_the_page_is_not(
    link: MakeLink, client: Client, path: str, headers: dict[str, str], count: int
) -> None:
    made = link()
    for _ in range(2):
        assert client.get(f"/s/{made.secret}{path}", headers=headers).status_code == 200
    client.head(f"/s/{made.secret}{path}", headers=headers)
    made.link.refresh_from_db()
    assert made.link.open_count == 2 * count
    assert (made.link.last_opened_at is not None) is bool(count)


@pytest.mark.parametrize("role", list(Role))
def test_the_right_to_share_decides_who_can_create_links(
    role: Role, person: Callable[..., User], browser: Callable[..., Client], ledgers: object
) -> None:
    client = browser(person("pat@example.org", role=role))
    may = role is not Role.VIEWER
    assert client.get(f"{SHARES}?new").status_code == (200 if may else 403)
    assert sent(client).status_code == (200 if may else 403)
    assert ShareLink.objects.count() == may
    report = client.get("/a/acme/reports/bot-session-consumption?period=all").content.decode()
    assert (f"{SHARES}?period=all" in report) is may


def test_strangers_and_signed_out_users_cannot_use_the_page(
    stranger: User, browser: Callable[..., Client], link: MakeLink
) -> None:
    made = link()
    assert browser(stranger).get(SHARES).status_code == 404
    assert browser(stranger).post(f"{SHARES}/{made.link.pk}").status_code == 404
    assert browser().get(SHARES).status_code == 302
    assert browser().post(f"{SHARES}/{made.link.pk}").status_code == 302
    made.link.refresh_from_db()
    assert made.link.revoked_at is None


def test_a_link_of_another_account_is_not_found(owner: User, browser: Callable[..., Client], link: MakeLink) -> None:
    other = link(account="other", name="Theirs").link
    olga = browser(owner)
    assert olga.post(f"{SHARES}/{other.pk}").status_code == 404
    assert "Theirs" not in olga.get(SHARES).content.decode()


def test_a_link_is_revoked_by_its_creator_and_by_owners(
    owner: User, person: Callable[..., User], browser: Callable[..., Client], link: MakeLink
) -> None:
    ana, ben = (browser(person(f"{name}@example.org", role=Role.ANALYST)) for name in ("ana", "ben"))
    sent(ana)
    of_ana, of_owner = ShareLink.objects.get(), link(name="Of the owner").link
    for client, path in ((ben, of_ana.pk), (ana, of_owner.pk)):
        answer = client.post(f"{SHARES}/{path}")
        assert answer.status_code == 403
        assert "right_missing" in answer.content.decode()
    assert "revoked." in ana.post(f"{SHARES}/{of_ana.pk}", follow=True).content.decode()
    assert "revoked." in browser(owner).post(f"{SHARES}/{of_owner.pk}", follow=True).content.decode()
    assert not ShareLink.objects.filter(revoked_at=None).exists()


def test_underlying_data_is_shared_only_with_the_right_to_export(
    owner: User, browser: Callable[..., Client], ledgers: object
) -> None:
    Membership.objects.filter(user=owner).update(may_export=False)
    olga = browser(owner)
    assert "Include underlying data" not in olga.get(f"{SHARES}?new").content.decode()
    sent(olga, may_see_rows="on")
    assert ShareLink.objects.get().may_see_rows is False


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "a\nb"}, {"name": "n" * 101}, {"lasting_days": 2}, {"lasting_days": "ever"}]
)
def test_an_invalid_link_shows_an_error_at_its_field(
    owner: User, browser: Callable[..., Client], ledgers: object, fields: dict[str, Any]
) -> None:
    answer = sent(browser(owner), **fields)
    assert answer.status_code == 200
    assert "has-error" in answer.content.decode()
    assert not ShareLink.objects.exists()


@pytest.mark.parametrize(
    ("query", "code"),
    [("period=soon", "parameter_invalid"), ("from=1", "date_invalid"), ("bot=" + "b" * 8000, "address_too_long")],
)
def test_an_invalid_view_is_not_shared(
    owner: User, browser: Callable[..., Client], ledgers: object, query: str, code: str
) -> None:
    answer = sent(browser(owner), query=query)
    assert answer.status_code in {400, 413}
    assert code in answer.content.decode()
    assert not ShareLink.objects.exists()


def test_forms_without_their_csrf_token_are_refused(
    owner: User, browser: Callable[..., Client], link: MakeLink
) -> None:
    made = link()
    client = browser(owner, checks_csrf=True)
    assert sent(client).status_code == 403
    assert client.post(f"{SHARES}/{made.link.pk}").status_code == 403
    assert list(ShareLink.objects.values_list("revoked_at", flat=True)) == [None]


def test_html_in_names_is_escaped(owner: User, browser: Callable[..., Client], link: MakeLink) -> None:
    name = "<script>alert(1)</script>"
    owner.name = "<b>Olga</b>"
    owner.save()
    made = link(name=name)
    for page in (opened(browser(), made.secret), browser(owner).get(SHARES).content.decode()):
        assert name not in page
        assert "<b>Olga" not in page
        assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"name": " "}, "share_name_invalid"), ({"lasting_days": 2}, "share_lasting_invalid")],
)
def test_an_invalid_draft_is_refused(fields: dict[str, Any], code: str) -> None:
    from botmeter.domain.errors import Refused

    with pytest.raises(Refused) as caught:
        ShareDraft(**{"name": "March", "query": "", "lasting_days": 7, **fields})
    assert caught.value.code == code


def test_a_link_accepts_no_post(link: MakeLink, client: Client) -> None:
    assert client.post(f"/s/{link().secret}").status_code == 405


def test_a_trace_of_a_bug_does_not_contain_the_link(
    link: MakeLink, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_views, "usage_page", lambda *_, **__: 1 / 0)
    secret = link().secret
    answer = client.get(f"/s/{secret}")
    assert answer.status_code == 500
    reference = re.search(r"reference is ([0-9a-f]+)", answer.content.decode())
    assert reference is not None
    [file] = (settings.DATA / "logs").glob(f"*-{reference[1]}.txt")
    assert file.stat().st_mode & 0o077 == 0
    assert file.read_text().startswith("GET /s/\u2026\n")
    assert secret not in file.read_text()
