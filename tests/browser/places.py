"""An example address of every page, for tests of what must hold on every page.

`tests/browser/test_every_page.py` fails when a route is neither here nor among those without a page.
"""

from collections.abc import Iterator
from urllib.parse import urlencode

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Page

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import Server, commanded

OF_ACCOUNT = (
    "reports",
    "billing",
    "report",
    "billing-report",
    "rows",
    "counting",
    "bots",
    "customers",
    "merge-customers",
    "users",
    "keys",
    "sources",
    "bot-identities",
    "audit",
    "settings",
    "settings-policy",
    "views",
    "shares",
)
PLAIN = ("accounts", "me", "own-second-factor", "api-reference")
OF_NOBODY = ("sign-in", "password-reset")

# Targets of forms, files, redirects and JSON.
WITHOUT_PAGE = {
    "home": "redirects to an account",
    "account": "redirects to its reports",
    "admin": "redirects to its billing",
    "second-factor": "after the password; redirects to sign-in without one",
    "sign-out": "a form of every page",
    "own-password": "a form of `me`",
    "sign-out-everywhere": "a form of `me`",
    "change-second-factor": "a form of `own-second-factor`",
    "member": "a form of `users`",
    "invitation-withdrawn": "a form of `users`",
    "key-replace": "a form of `keys`",
    "key-revoke": "a form of `keys`",
    "view": "redirects to the report",
    "share": "a form of `shares`",
    "report-fresh": "a line of the report: tests/browser/test_live.py",
    "billing-report-fresh": "a line of the report",
    "shared-fresh": "a line of the report",
    "by-link": "signs in",
    "first-start": "tests/browser/test_first_start.py",
    "export": "a file",
    "healthz": "for machines",
    "readyz": "for machines",
    "metrics": "for machines",
    "openapi": "JSON",
    "api-unknown": "JSON",
}


def named_routes(resolver: URLResolver | None = None) -> Iterator[str]:
    """The names of all routes but the API's, which are JSON and stand in its document."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from named_routes(pattern)
        else:
            assert isinstance(pattern, URLPattern)
            if not str(pattern.pattern).startswith("v1/accounts/"):
                yield str(pattern.name)


def places_of_owner(page: Page, server: Server) -> dict[str, str]:
    """Route to path, for a page that the demo's owner is signed in on."""
    account = (DEMO_ACCOUNT,)
    found = {name: reverse(name, args=account) for name in OF_ACCOUNT} | {name: reverse(name) for name in PLAIN}
    page.goto(server.at(found["rows"]))
    found["session"] = page.locator("tr[data-href]").first.get_attribute("data-href") or ""
    page.goto(server.at(found["session"]))
    for name in ("customer", "conversation"):
        found[name] = page.locator(f'main a[href*="/{name}?"]').first.get_attribute("href") or ""
    found["source"] = made_source(page, server)
    return found | {
        "widget": reverse("widget", args=(*account, "hours")),
        "choices": reverse("choices", args=(*account, "bot")),
    }


def places_of_nobody(page: Page, server: Server) -> dict[str, str]:
    """Route to path, of what is seen without being signed in; the page is the owner's, who makes the links."""
    chosen = commanded("user", "create", "eve@example.org", "--url", server.url, folder=server.folder)
    secret = shared_link(page, server).rpartition("/")[2]
    return {name: reverse(name) for name in OF_NOBODY} | {
        "password-choose": chosen.strip().removeprefix(server.url),
        "invitation": invitation_link(page, server).removeprefix(server.url),
        "shared": reverse("shared", args=(secret,)),
        "shared-rows": reverse("shared-rows", args=(secret,)),
        "shared-widget": reverse("shared-widget", args=(secret, "hours")),
        "shared-choices": reverse("shared-choices", args=(secret, "bot")),
    }


def shared_link(page: Page, server: Server, *, query: str = "?period=last-30-days", with_rows: bool = True) -> str:
    """A link to the report with that query, as its owner makes it."""
    page.goto(server.at(reverse("report", args=(DEMO_ACCOUNT,)) + query))
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_label("Name", exact=True).fill("For the board")
    page.get_by_label("Include underlying data").set_checked(with_rows)
    page.get_by_role("button", name="Create link").click()
    return page.locator(".notices pre, .notices code").first.inner_text().strip()


def invitation_link(page: Page, server: Server) -> str:
    """A link that invites somebody, as the owner makes it."""
    page.goto(server.at(reverse("users", args=(DEMO_ACCOUNT,))))
    card = page.locator("[data-widget=invite]")
    card.get_by_label("Email address").fill("mallory@example.org")
    card.get_by_role("button", name="Invite").click()
    return page.locator(".notices pre, .notices code").first.inner_text().strip()


def made_source(page: Page, server: Server) -> str:
    """The page of a source with a bot identity, as the owner makes it."""
    page.goto(server.at(reverse("sources", args=(DEMO_ACCOUNT,))))
    card = page.locator("[data-widget=new-source]")
    card.get_by_label("Name", exact=True).fill("desk")
    card.get_by_role("button", name="Create source").click()
    card = page.locator("[data-widget=identities]")
    card.get_by_label("Sender").fill("12")
    card.get_by_label("Bot id").fill("orders")
    card.get_by_role("button", name="Add").click()
    return reverse("source", args=(DEMO_ACCOUNT, "desk"))


def states_of_report() -> dict[str, str]:
    """More of the report than its address alone shows."""
    report = reverse("report", args=(DEMO_ACCOUNT,))
    queries: dict[str, list[tuple[str, str]]] = {
        "report as tables": [
            ("table", "session-consumption-trend"),
            ("table", "monthly-consumption"),
            ("split", "opened"),
            ("open", "bot_orders"),
        ],
        "report followed": [("follow", "on")],
        "report of nothing": [("bot", "none"), ("period", "today")],
        "report elsewhere": [("timezone", "Asia/Kolkata"), ("period", "all"), ("channel", "web"), ("channel", "email")],
    }
    return {name: f"{report}?{urlencode(query)}" for name, query in queries.items()} | {
        "rows by conversation": f"{reverse('rows', args=(DEMO_ACCOUNT,))}?group=conversation",
        "gallery": "/parts",
        "missing": "/a/nobody/reports",
        "refused": f"{report}?from=yesterday",
    }
