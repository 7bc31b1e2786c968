"""An example path of each page, for tests of all pages.

`tests/browser/test_every_page.py` fails if a route has neither a path here nor a reason to have none.
"""

from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Page

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import Server, run_command

ACCOUNT_ROUTES = (
    "reports",
    "billing",
    "billing-plan",
    "billing-purchases",
    "billing-budgets",
    "billing-what-if",
    "statements",
    "bills",
    "cost-centres",
    "report",
    "billing-report",
    "billing-rows",
    "rows",
    "counting",
    "day-notes",
    "bots",
    "customers",
    "merge-customers",
    "users",
    "keys",
    "sources",
    "imports",
    "quarantine",
    "sample-data",
    "bot-identities",
    "audit",
    "settings",
    "settings-policy",
    "account-deletion",
    "views",
    "shares",
    "notifications",
    "destinations",
    "alerts",
    "schedules",
    "schedule-new",
)
USER_ROUTES = ("accounts", "me", "own-second-factor", "sign-out-everywhere", "api-reference")
VISITOR_ROUTES = ("sign-in", "password-reset")

# Targets of forms, files, redirects and JSON.
ROUTES_WITHOUT_PAGE = {
    "home": "redirects to an account",
    "account": "redirects to its report",
    "admin": "redirects to its billing",
    "second-factor": "after the password; redirects to sign-in without one",
    "sign-out": "a form of every page",
    "own-password": "a form of `me`",
    "own-sessions": "a form of `me`",
    "change-second-factor": "a form of `own-second-factor`",
    "member": "a form of `users`",
    "invitation-withdrawn": "a form of `users`",
    "key-replace": "a form of `keys`",
    "upload": "a form of `imports`",
    "import-run": "leads on to the result; tests/browser/test_imports.py",
    "key-revoke": "a form of `keys`",
    "day-note": "a form of `day-notes`",
    "view": "redirects to the report",
    "undo": "a form of notices",
    "share": "a form of `shares`",
    "report-fresh": "a line of the report: tests/browser/test_live.py",
    "billing-report-fresh": "a line of the report",
    "shared-fresh": "a line of the report",
    "by-link": "signs in",
    "first-start": "tests/browser/test_first_start.py",
    "export": "a file",
    "session-export": "a file",
    "export-progress": "JSON",
    "widget-export": "a file",
    "quarantine-download": "a file",
    "bill": "a checked file; tests/web/test_bills.py",
    "bill-upload": "a form of `bills`",
    "bill-differences": "a file",
    "session-correction": "a form of `session`",
    "billed-session": "redirects to the session",
    "statement-download": "a file",
    "test-email": "a form of `notifications`",
    "notification-again": "a form of `notifications`",
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


def owner_paths(page: Page, server: Server) -> dict[str, str]:
    """Path by route, seen by the demo's owner, who is signed in on the page."""
    account = (DEMO_ACCOUNT,)
    paths = {name: reverse(name, args=account) for name in ACCOUNT_ROUTES} | {
        name: reverse(name) for name in USER_ROUTES
    }
    page.goto(server.at(paths["rows"]))
    paths["session"] = page.locator("tr[data-href]").first.get_attribute("data-href") or ""
    page.goto(server.at(paths["session"]))
    for name in ("customer", "conversation"):
        paths[name] = page.locator(f'main a[href*="/{name}?"]').first.get_attribute("href") or ""
    paths |= billing_paths(page, server, listed=paths["statements"])
    paths["source"] = new_source(page, server)
    paths["uploaded-file"], paths["import"] = new_import(page, server)
    paths["destination"] = new_destination(page, server)
    paths["new-alert"] = f"{reverse('new-alert', args=account)}?kind=usage"
    paths["alert"] = new_alert(page, server, form=paths["new-alert"])
    paths["schedule"] = new_schedule(page, server)
    return paths | {
        "widget": reverse("widget", args=(*account, "hours")),
        "choices": reverse("choices", args=(*account, "bot")),
        "billing-widget": reverse("billing-widget", args=(*account, "hours")),
        "billing-choices": reverse("billing-choices", args=(*account, "bot")),
    }


def billing_paths(page: Page, server: Server, *, listed: str) -> dict[str, str]:
    """Paths of a closed statement and of the open cycle, with their sessions."""
    page.goto(server.at(listed))
    links = {name: page.locator(f'main tbody a[href*="/{name}/"]').first for name in ("statements", "cycles")}
    statement, cycle = (links[name].get_attribute("href") or "" for name in ("statements", "cycles"))
    return {
        "statement": statement,
        "statement-sessions": f"{statement}/sessions",
        "cycle-statement": cycle,
        "cycle-sessions": f"{cycle}/sessions",
        "what-if-sessions": f"{reverse('billing-what-if', args=(DEMO_ACCOUNT,))}/sessions?plan=session.price",
    }


def visitor_paths(page: Page, server: Server) -> dict[str, str]:
    """Path by route, seen without signing in; the page is the owner's, who creates the links."""
    link = run_command("user", "create", "eve@example.org", "--url", server.url, folder=server.folder)
    secret = new_share_link(page, server).rpartition("/")[2]
    return {name: reverse(name) for name in VISITOR_ROUTES} | {
        "password-choose": link.strip().removeprefix(server.url),
        "invitation": new_invitation_link(page, server).removeprefix(server.url),
        "shared": reverse("shared", args=(secret,)),
        "shared-rows": reverse("shared-rows", args=(secret,)),
        "shared-widget": reverse("shared-widget", args=(secret, "hours")),
        "shared-choices": reverse("shared-choices", args=(secret, "bot")),
    }


def new_share_link(page: Page, server: Server, *, query: str = "?period=last-30-days", with_rows: bool = True) -> str:
    """Create a share link to the report with that query."""
    page.goto(server.at(reverse("report", args=(DEMO_ACCOUNT,)) + query))
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_label("Name", exact=True).fill("For the board")
    page.get_by_label("Include underlying data").set_checked(with_rows)
    page.get_by_role("button", name="Create link").click()
    return page.locator(".notices pre, .notices code").first.inner_text().strip()


def new_invitation_link(page: Page, server: Server) -> str:
    """Create an invitation link."""
    page.goto(server.at(reverse("users", args=(DEMO_ACCOUNT,))))
    card = page.locator("[data-widget=invite]")
    card.get_by_label("Email address").fill("mallory@example.org")
    card.get_by_role("button", name="Invite").click()
    return page.locator(".notices pre, .notices code").first.inner_text().strip()


def new_source(page: Page, server: Server) -> str:
    """Create a source with a bot identity and return its path."""
    page.goto(server.at(reverse("sources", args=(DEMO_ACCOUNT,))))
    card = page.locator("[data-widget=new-source]")
    card.get_by_label("Name", exact=True).fill("helpdesk")
    card.get_by_role("button", name="Create source").click()
    page.locator("#more > summary").click()
    card = page.locator("[data-widget=identities]")
    card.get_by_label("Sender").fill("12")
    card.get_by_label("Bot ID").fill("orders")
    card.get_by_role("button", name="Add").click()
    return reverse("source", args=(DEMO_ACCOUNT, "helpdesk"))


def new_destination(page: Page, server: Server) -> str:
    """Add a webhook and return its path."""
    page.goto(server.at(reverse("destinations", args=(DEMO_ACCOUNT,))))
    card = page.locator("[data-widget=new-destination]")
    card.get_by_label("Name", exact=True).fill("Finance system")
    card.get_by_label("URL").fill("https://hooks.example.org/botmeter?token=1")
    card.get_by_role("button", name="Add destination").click()
    page.wait_for_url("**/notifications/destinations/*")
    return urlsplit(page.url).path


def new_alert(page: Page, server: Server, *, form: str) -> str:
    """Add an alert and return its path."""
    page.goto(server.at(form))
    page.get_by_label("Name", exact=True).fill("Allowance of the team")
    page.get_by_role("button", name="Add alert").click()
    return page.get_by_role("link", name="Allowance of the team").first.get_attribute("href") or ""


def new_schedule(page: Page, server: Server) -> str:
    """Add a schedule and return its path."""
    page.goto(server.at(reverse("schedule-new", args=(DEMO_ACCOUNT,))))
    page.get_by_label("Name", exact=True).fill("Sessions for the team")
    page.get_by_role("button", name="Add schedule").click()
    return page.get_by_role("link", name="Sessions for the team").first.get_attribute("href") or ""


def new_import(page: Page, server: Server) -> tuple[str, str]:
    """Import a file, upload another, and return the paths of both."""
    header = "event_id,occurred_at,conversation_id,customer_id,actor"
    content = f"{header}\nm-1,2026-11-01T10:00Z,v-1,c-1,customer\nm-2,x,v-1,c-1,bot\n"
    paths = []
    for name in ("first.csv", "second.csv"):
        page.goto(server.at(reverse("imports", args=(DEMO_ACCOUNT,))))
        page.get_by_label("File", exact=True).set_input_files(
            {"name": name, "mimeType": "text/csv", "buffer": content.encode()}
        )
        page.get_by_role("button", name="Upload").click()
        page.wait_for_url("**/imports/files/*")
        if not paths:
            page.locator(".import-bar").get_by_role("button", name="Import").click()
            page.wait_for_selector("[data-widget=import-receipt]")
        paths.append(page.url.removeprefix(server.url))
    return paths[1], paths[0]


def report_states() -> dict[str, str]:
    """Paths of further states of the report and of other pages."""
    report = reverse("report", args=(DEMO_ACCOUNT,))
    queries: dict[str, list[tuple[str, str]]] = {
        "report as tables": [
            ("table", "session-consumption-trend"),
            ("table", "monthly-consumption"),
            ("split", "opened"),
            ("open", "bot_orders"),
        ],
        "report followed": [("follow", "on")],
        "report without sessions": [("bot", "none"), ("period", "today")],
        "report in another zone": [
            ("timezone", "Asia/Kolkata"),
            ("period", "all"),
            ("channel", "web"),
            ("channel", "email"),
        ],
    }
    return {name: f"{report}?{urlencode(query)}" for name, query in queries.items()} | {
        "rows by conversation": f"{reverse('rows', args=(DEMO_ACCOUNT,))}?group=conversation",
        "source with more": f"{reverse('source', args=(DEMO_ACCOUNT, 'helpdesk'))}?more",
        "gallery": "/parts",
        "missing": "/a/nobody/reports",
        "refused": f"{report}?from=yesterday",
    }
