"""Files of events in the browser: from choosing or dropping one to the right number in the report, and undone."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet
import pytest
import xlsxwriter
from playwright.sync_api import FilePayload, Page, expect

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import NARROW, WIDE, Server, tab_to
from support.widgets import headline

from .conftest import SignIn

pytestmark = pytest.mark.browser

DAY = datetime.now(UTC).date() - timedelta(days=9)
# Two sessions of one customer, of which the second begins exactly a day after the first: (actor, time).
MESSAGES = (
    ("visitor", datetime.combine(DAY, datetime.min.time()) + timedelta(hours=22, minutes=30)),
    ("bot", datetime.combine(DAY, datetime.min.time()) + timedelta(hours=22, minutes=31)),
    ("visitor", datetime.combine(DAY, datetime.min.time()) + timedelta(days=1, hours=22, minutes=30)),
)


def csv_with_local_times() -> bytes:
    """Semicolons, and times in India, which are of the day after."""
    rows = ["Message ID;Thread;Phone;Sent;From"]
    for number, (actor, at) in enumerate(MESSAGES):
        local = at + timedelta(hours=5, minutes=30)
        rows.append(f"csv-{number};csv;+91 98;{local:%d/%m/%Y %H:%M:%S};{actor}")
    return "\r\n".join(rows).encode()


def workbook() -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet, instant = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.write_row(0, 0, ["message_id", "chat_id", "customer_id", "created_at", "sender"])
        for number, (actor, at) in enumerate(MESSAGES, start=1):
            sheet.write_row(number, 0, [f"xlsx-{number}", "xlsx", 4_711])
            sheet.write_datetime(number, 3, at, instant)
            sheet.write(number, 4, actor)
    return content.getvalue()


def nested_json() -> bytes:
    messages = [
        {"id": f"json-{number}", "sent_at": f"{at.isoformat()}Z", "from": actor, "text": "…"}
        for number, (actor, at) in enumerate(MESSAGES)
    ]
    chat = {"id": "json", "visitor": {"id": "v-1"}, "messages": messages}
    return json.dumps({"exported_by": "helpdesk", "chats": [chat]}, indent=2).encode()


def parquet() -> bytes:
    content = io.BytesIO()
    instants = pa.array([at.replace(tzinfo=UTC) for _, at in MESSAGES], pa.timestamp("ms", "UTC"))
    columns = {
        "event_id": pa.array([f"parquet-{number}" for number in range(len(MESSAGES))]),
        "occurred_at": instants,
        "conversation_id": pa.array(["parquet"] * len(MESSAGES)),
        "customer_id": pa.array(["v-1"] * len(MESSAGES)),
        "actor": pa.array(["customer" if actor == "visitor" else actor for actor, _ in MESSAGES]),
    }
    pyarrow.parquet.write_table(pa.table(columns), content)
    return content.getvalue()


@dataclass(frozen=True)
class Export:
    """A file, and what is corrected on its page."""

    name: str
    content: Callable[[], bytes]
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def payload(self) -> FilePayload:
        return {"name": self.name, "mimeType": "application/octet-stream", "buffer": self.content()}


EXPORTS = (
    Export("chats.csv", csv_with_local_times, {"Time zone": "Asia/Kolkata"}),
    Export("chats.xlsx", workbook),
    Export("chats.json", nested_json),
    Export("chats.parquet", parquet),
)
DROP = """async ([name, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], name));
  document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def imports_page(page: Page, server: Server) -> None:
    page.goto(server.at(f"/a/{DEMO_ACCOUNT}/admin/imports"))


def upload(page: Page, payload: FilePayload) -> None:
    page.get_by_label("File", exact=True).set_input_files(payload)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/imports/files/*")


def sessions_of(page: Page, server: Server, *, bot: str, on: date) -> int:
    page.goto(server.at(f"/a/{DEMO_ACCOUNT}/reports/bot-session-consumption?from={on}&to={on}&bot={bot}"))
    return headline(page)


def choose_bot(page: Page, bot: str) -> None:
    """Give all events that bot."""
    page.get_by_label("Bot ID from").select_option("constant")
    page.get_by_label("Bot ID of all events").fill(bot)


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_file_that_is_dropped_counts_right(
    signed_in: SignIn, demo: Server, export: Export, size: tuple[int, int]
) -> None:
    page, bot = signed_in(size=size), f"{export.name}-{size[0]}"
    imports_page(page, demo)
    page.evaluate(DROP, [export.name, list(export.content())])
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/imports/files/*")

    choose_bot(page, bot)
    page.get_by_label("Source", exact=True).fill(bot)
    for label, value in export.fields.items():
        page.get_by_label(label, exact=True).fill(value)
        page.keyboard.press("Enter")
        page.wait_for_url("**mapping=*")
    first = page.locator("[data-widget=import-preview] tbody tr").first
    expect(first).to_contain_text(f"{DAY.day} {DAY:%b %Y} 22:30:00")
    page.locator(".import-bar").get_by_role("button", name="Dry run").click()
    expect(page.locator("#result")).to_contain_text("would accept 3 events. 2 sessions more in 2 days")
    page.locator(".import-bar").get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("[data-count=accepted]")).to_have_text("3")
    receipt = page.url

    assert sessions_of(page, demo, bot=bot, on=DAY) == 1
    assert sessions_of(page, demo, bot=bot, on=DAY + timedelta(days=1)) == 1
    page.goto(receipt)
    page.get_by_label("Reason").fill("A test")
    page.get_by_role("button", name="Undo import").click()
    expect(page.locator("#confirmation")).to_contain_text("This removes 3 events from the account")
    page.locator("#confirmation").get_by_role("button", name="Undo import").click()
    expect(page.locator(".notice")).to_contain_text("2 sessions fewer in 2 days")
    page.reload()
    expect(page.get_by_text("Undone", exact=True)).to_be_visible()


def test_a_file_is_imported_with_the_keyboard_alone(signed_in: SignIn, demo: Server) -> None:
    page = signed_in()
    # Choosers are intercepted from now on; at the moment of the key it could be too late.
    page.on("filechooser", lambda _: None)
    imports_page(page, demo)
    tab_to(page, "upload_file")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(EXPORTS[3].payload)
    tab_to(page, "Upload")
    page.keyboard.press("Enter")
    page.wait_for_url("**/imports/files/*")
    tab_to(page, "source")
    page.keyboard.press("Control+a")
    page.keyboard.type("keyboard")
    tab_to(page, "Import")
    page.keyboard.press("Enter")
    expect(page.locator("[data-count=accepted]")).to_have_text("3")
    tab_to(page, "undo_reason")
    page.keyboard.type("A test")
    tab_to(page, "Undo import")
    page.keyboard.press("Enter")
    page.wait_for_selector("#confirmation")
    # The focus is on Cancel.
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Undone", exact=True)).to_be_visible()


def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(signed_in: SignIn, demo: Server) -> None:
    page = signed_in()
    imports_page(page, demo)
    upload(page, {"name": "photo.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"})
    expect(page.locator(".notice.bad")).to_contain_text("photo.png is not CSV")
    imports_page(page, demo)
    page.get_by_role("link", name="Remove photo.png").click()
    page.get_by_role("button", name="Remove file").click()
    expect(page.locator(".notices")).to_contain_text("photo.png was removed.")


def test_without_scripts_a_file_is_imported_too(signed_in: SignIn, demo: Server) -> None:
    page = signed_in(script=False)
    imports_page(page, demo)
    upload(page, EXPORTS[2].payload)
    page.locator("#source").fill("scriptless")
    page.locator(".import-bar").get_by_role("button", name="Import", exact=True).click()
    for _ in range(100):
        if page.locator("[data-count=accepted]").count():
            break
        page.reload()
    expect(page.locator("[data-count=accepted]")).to_have_text("3")


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(signed_in: SignIn, demo: Server) -> None:
    page = signed_in()
    imports_page(page, demo)
    page.evaluate("document.querySelector('.upload').dataset.bytesMax = 10")
    page.get_by_label("File", exact=True).set_input_files(EXPORTS[2].payload)
    page.get_by_role("button", name="Upload").click()
    message = page.evaluate("document.querySelector('#upload_file').validationMessage")
    assert message.endswith("the limit is 10.")


def test_the_state_of_a_file_is_in_its_address(signed_in: SignIn, demo: Server) -> None:
    page = signed_in()
    imports_page(page, demo)
    upload(page, EXPORTS[0].payload)
    choose_bot(page, "orders")
    page.get_by_label("Time zone", exact=True).fill("Asia/Kolkata")
    page.locator(".import-bar").get_by_role("button", name="Update preview").click()
    page.wait_for_url("**mapping=*")
    page.reload()
    expect(page.get_by_label("Time zone", exact=True)).to_have_value("Asia/Kolkata")
    page.go_back()
    expect(page.get_by_label("Time zone", exact=True)).to_have_value("UTC")
    page.go_forward()
    expect(page.get_by_label("Time zone", exact=True)).to_have_value("Asia/Kolkata")
