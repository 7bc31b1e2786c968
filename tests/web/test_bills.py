"""Vendors' bills on pages: upload, columns, comparison, lists of differences, and invoices."""

import html
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from botmeter.billing.plan import CycleRule, Meter, Plan
from botmeter.billing.plan_text import plan_as_json
from botmeter.domain.instant import us_from_text
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.live import bill_checks
from botmeter.live.server_state import ServerState
from botmeter.live.uploads import Upload
from botmeter.people.models import AuditEntry, User
from botmeter.people.rights import Role
from botmeter.web.upload_tickets import RECEIVED_KEY
from support.forms import form_values

from .conftest import MakeBrowser, MakePerson

pytestmark = pytest.mark.django_db
MARCH_US = us_from_text("2026-02-28T18:30:00Z")

# The account's three sessions, in the local times of Kolkata; the last row can't be read.
LIST = """Session start,Contact,Chat,Cost
31/03/2026 03:30,c1,v1,0.10
31/03/2026 14:30,c2,v3,0.10
02/04/2026 04:30,c1,v4,0.10
nonsense,c9,v9,0.10
"""
TIMES = {"time.format": "%d/%m/%Y %H:%M", "time.timezone": "Asia/Kolkata"}


@pytest.fixture
def jobs_at_once(state: ServerState) -> Iterator[None]:
    """Jobs run where they are started."""
    state.imports.begin = lambda run: run()
    yield
    for file in state.uploads.of_account("acme", purpose="bill"):
        state.uploads.remove(file)


def stored(state: ServerState, text: str, *, name: str = "march.csv") -> Upload:
    with state.uploads.receiving("acme", announced_bytes=len(text), purpose="bill") as draft:
        draft.write(text.encode())
        return state.uploads.keep("acme", draft, file_name=name, by="olga@example.org", purpose="bill")


class Bill:
    """The page of an uploaded bill, in a browser."""

    def __init__(self, client: Client, upload: Upload) -> None:
        self.client = client
        self.upload = upload
        self.href = reverse("bill", args=("acme", upload.number))

    @property
    def text(self) -> str:
        answer = self.client.get(self.href)
        assert answer.status_code == 200
        return answer.content.decode()

    def compare(self, **changed: str) -> str:
        """Press Compare; go where it leads."""
        values = form_values(self.text, "form") | {name: [value] for name, value in changed.items()}
        answer = self.client.post(self.href, values, follow=True)
        self.href = answer.request["PATH_INFO"] + "?" + answer.request["QUERY_STRING"]
        return answer.content.decode()


@pytest.fixture
def bill(state: ServerState, jobs_at_once: None, browser: MakeBrowser, owner: User) -> Bill:
    return Bill(browser(owner), stored(state, LIST))


def rows_of(page: str, widget: str) -> list[str]:
    """Texts of a table's rows."""
    table = page.partition(f'data-widget="{widget}"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.sub(r"\s+", " ", html.unescape(table)).split("</tr>")[:-1]
    return [re.sub(r"(<[^>]*>| )+", " ", row).strip() for row in rows]


def test_an_uploaded_bill_leads_to_its_page_with_the_proposed_columns(
    state: ServerState, jobs_at_once: None, browser: MakeBrowser, owner: User
) -> None:
    client = browser(owner)
    upload = stored(state, LIST)
    page = client.get(reverse("bills", args=("acme",))).content.decode()
    assert "march.csv" in page
    target = re.findall(r'action="([^"]*/upload/[^"]*)"', page)[0]
    answer = client.post(target, **{RECEIVED_KEY: upload})
    assert answer["Location"] == reverse("bill", args=("acme", upload.number))
    assert AuditEntry.objects.get(action="file_uploaded").detail["file"] == "march.csv"
    proposed = form_values(client.get(answer["Location"]).content.decode(), "form")
    assert (proposed["at.started_at"], proposed["at.customer_id"]) == (["Session start"], ["Contact"])
    assert proposed["at.bot_id"] == [""]


def test_a_bill_is_compared_and_its_page_can_be_opened_again(bill: Bill) -> None:
    page = bill.compare(**TIMES)
    assert rows_of(page, "bill-summary") == [
        "Their list 3 0.30",
        "Our sessions 3",
        "Same 3",
        "Other day 0",
        "Only theirs 0",
        "Only ours 0",
    ]
    assert "No difference in 30 Mar – 1 Apr 2026 (UTC)" in page
    assert "1 row can’t be read." in page
    assert rows_of(page, "bill-unread")[0].startswith("4 time_invalid")
    assert bill.text == page or rows_of(bill.text, "bill-summary") == rows_of(page, "bill-summary")


def test_a_result_is_shown_after_the_server_was_started_again(bill: Bill, state: ServerState) -> None:
    bill.compare(**TIMES)
    state.imports._jobs.clear()
    assert "No difference in" in bill.text


def test_differences_are_listed_by_kind_and_reason_with_links_to_sessions(bill: Bill) -> None:
    page = bill.compare(first="30 Mar 2026", last="1 Apr 2026", **{**TIMES, "time.timezone": "UTC"})
    assert "Their times are 5 h 30 min ahead of ours: Asia/Kolkata?" in html.unescape(page)
    rows = rows_of(page, "differences")
    assert rows[0].startswith("Other day Time zone 1 31 Mar 2026 03:30:00 30 Mar 2026 22:00:00 c1")
    assert re.search(r'href="/a/acme/sessions/[0-9a-f-]{36}"', page)
    link = re.findall(r'href="([^"]*show=other_day\.zone[^"]*)"', page)[0]
    listed = bill.client.get(html.unescape(link)).content.decode()
    assert len(rows_of(listed, "differences")) == int(rows_of(page, "bill-reasons")[0].split()[-2])


def test_long_lists_are_read_in_parts(bill: Bill, state: ServerState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bill_checks, "_GROUP_ROWS", 7)
    lines = [f"2026-03-31T10:{number // 60:02}:{number % 60:02}Z,x{number}" for number in range(120)]
    bill = Bill(bill.client, stored(state, "\n".join(["started_at,bot_id", *lines])))
    page = bill.compare()
    numbers: list[int] = []
    while True:
        numbers += [
            int(re.findall(r"None|\d+", row)[0]) for row in rows_of(page, "differences") if "Only theirs" in row
        ]
        older = re.findall(r'href="([^"]*start=\d+[^"]*)" aria-label="Next differences"', page)
        if not older:
            break
        page = bill.client.get(html.unescape(older[0])).content.decode()
    assert numbers == list(range(1, 121))
    csv = b"".join(bill.client.get(reverse("bill-differences", args=("acme", bill.upload.number)))).decode()
    assert len(csv.splitlines()) == 1 + 120 + csv.count("only_ours")


@pytest.mark.slow
def test_settings_that_cant_be_are_refused_with_the_reason(bill: Bill) -> None:
    for changed, reason in (
        ({"first": "30 Mar 2026"}, "A period has a first and a last day."),
        ({"tolerance": "1m"}, "is not a tolerance"),
        ({"tolerance": "7200"}, "it must be from 0 s to 1 h"),
        ({"at.started_at": ""}, "Choose the column of the times at which sessions started."),
        ({"time.format": "%d"}, "a pattern of a whole time"),
        ({"first": "x", "last": "y"}, "is not a date"),
    ):
        answer = html.unescape(Bill(bill.client, bill.upload).compare(**changed))
        assert "The bill was not compared." in answer
        assert reason in answer


def test_a_link_fills_in_the_days_of_a_billing_cycle(bill: Bill, state: ServerState) -> None:
    plan = Plan(name="simple", currency="EUR", meters=(Meter(),), cycle=CycleRule(timezone="Asia/Kolkata"))
    change = PlanChange(from_at=MARCH_US, label=plan.label, definition=plan_as_json(plan))
    with state.ledgers.writing("acme") as ledger:
        add_plan_term(ledger, change, now_us=MARCH_US)
    links = re.findall(r'href="([^"]*first=[^"]*)"', bill.text)
    assert len(links) == 4
    bill.href = html.unescape(links[0])
    values = form_values(bill.text, "form")
    assert values["timezone"] == ["Asia/Kolkata"]
    assert values["first"][0].startswith("1 ")


def test_a_file_that_is_no_table_says_so(bill: Bill, state: ServerState) -> None:
    page = Bill(bill.client, stored(state, "%PDF-1.7 …", name="bill.pdf")).text
    assert "The file can’t be read." in page
    assert "bill.pdf is a PDF document." in page


def test_a_running_comparison_shows_its_progress_and_can_be_stopped(bill: Bill, state: ServerState) -> None:
    held: list[object] = []
    state.imports.begin = held.append
    page = bill.compare(**TIMES)
    assert 'id="progress"' in page
    bill.client.post(bill.href, {"what": "stop"})
    held[0]()  # type: ignore[operator]
    assert "Bill check stopped." in bill.text
    assert 'data-widget="bill-summary"' not in bill.text
    polled = bill.client.get(bill.href, headers={"HX-Request": "true"})
    assert polled["HX-Redirect"].startswith(urlsplit(bill.href).path)


def test_a_bill_is_removed_once_confirmed_with_its_result(bill: Bill, state: ServerState) -> None:
    bill.compare(**TIMES)
    folder = bill.upload.path.parent
    assert len(list(folder.glob(f"{bill.upload.number}*"))) == 4
    page = reverse("bills", args=("acme",))
    asked = bill.client.get(f"{page}?remove={bill.upload.number}").content.decode()
    assert "Remove march.csv?" in asked
    bill.client.post(page, {"remove": bill.upload.number, "confirmed": "yes"})
    assert list(folder.glob(f"{bill.upload.number}*")) == []


def test_bills_are_no_imports_and_imports_no_bills(bill: Bill, state: ServerState) -> None:
    assert bill.client.get(reverse("uploaded-file", args=("acme", bill.upload.number))).status_code == 404
    assert "march.csv" not in bill.client.get(reverse("imports", args=("acme",))).content.decode()
    with state.uploads.receiving("acme", announced_bytes=1) as draft:
        draft.write(b"x")
        other = state.uploads.keep("acme", draft, file_name="events.csv", by="olga@example.org")
    assert bill.client.get(reverse("bill", args=("acme", other.number))).status_code == 404
    state.uploads.remove(other)


def test_differences_are_a_file_for_who_may_export(bill: Bill, browser: MakeBrowser, person: MakePerson) -> None:
    href = reverse("bill-differences", args=("acme", bill.upload.number))
    assert bill.client.get(href).status_code == 404, "It was not compared."
    bill.compare(**{**TIMES, "time.timezone": "UTC"})
    answer = bill.client.get(href)
    assert answer["Content-Disposition"].endswith('-differences.csv"')
    assert b"".join(answer).startswith(b"kind,reason,their_row,")
    analyst = person("ann@example.org", role=Role.ANALYST, may_export=False)
    assert browser(analyst).get(href).status_code == 403


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("first=30 Mar 2026&last=1 Apr 2026&sessions=3&total=0.30", "30 Mar – 1 Apr 2026 (UTC)"),
        ("first=2026-03-30&last=2026-04-01&sessions=1,005", "+1,002 sessions on the invoice"),
        ("first=2026-03-30&last=2026-04-01&sessions=3&total=1.00", "0.3333"),
        ("first=2026-03-30&sessions=3", "Enter all three."),
        ("first=2026-03-30&last=2026-04-01&sessions=many", "'many' is not a number of sessions."),
        ("first=2026-03-30&last=2026-04-01&sessions=3&total=$3", "'$3' is not a total."),
        ("first=2026-03-32&last=2026-04-01&sessions=3", "is not a date"),
        ("first=2026-04-01&last=2026-03-01&sessions=3", "ends before that"),
        ("first=2026-03-30&last=2026-04-01&sessions=3&timezone=Mars", "'Mars' is not in the IANA time zone database"),
    ],
)
def test_the_totals_of_an_invoice_are_compared_in_the_address(
    state: ServerState, browser: MakeBrowser, owner: User, query: str, shown: str
) -> None:
    page = browser(owner).get(f"{reverse('bills', args=('acme',))}?{query}").content.decode()
    assert shown in html.unescape(page)
