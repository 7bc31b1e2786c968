"""A saved view is sent regularly; what arrives has the numbers of the page that its link opens."""

from base64 import b64encode
from io import BytesIO

import pytest
from playwright.sync_api import expect
from python_calamine import CalamineWorkbook

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import Server
from support.smtp_server import SmtpServer
from support.widgets import headline

from .conftest import MakeVisitor

pytestmark = pytest.mark.browser


def test_a_scheduled_report_arrives_with_picture_and_workbook_and_its_link_opens_the_same_numbers(
    visitor: MakeVisitor, mailing_demo: Server, mailbox: SmtpServer
) -> None:
    page = visitor().page()
    page.goto(mailing_demo.link)
    page.goto(mailing_demo.at(f"/a/{DEMO_ACCOUNT}/views"))
    row = page.locator("[data-widget=views] tbody tr").filter(has_text="Web chats this quarter")
    row.get_by_role("link", name="regularly…").click()
    expect(page.get_by_label("Weekday")).to_be_hidden()
    page.get_by_label("Frequency").select_option("weekly")
    page.get_by_label("Weekday").select_option("Monday")
    page.get_by_label("Attached file").select_option("xlsx")
    page.get_by_label("Name", exact=True).fill("Web chats for the team")
    page.get_by_role("button", name="Add schedule").click()
    expect(page.locator("[data-widget=schedules]")).to_contain_text("At 09:00 on Monday, UTC")
    page.get_by_role("link", name="Web chats for the team").click()
    page.get_by_role("button", name="Send a sample to me").click()
    expect(page.locator(".notices").first).to_contain_text("A sample is on its way")

    mail = mailbox.mail_about("Web chats for the team")
    parts = {part.get_content_type(): part for part in mail.walk()}
    assert parts["image/png"].get_content()[:4] == b"\x89PNG"
    workbook = parts["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"].get_content()
    sheets = CalamineWorkbook.from_filelike(BytesIO(workbook))
    row_count = len(sheets.get_sheet_by_name("sessions").to_python()) - 1
    text = str(parts["text/plain"].get_content())
    [href] = [line for line in text.splitlines() if line.startswith("http")][:1]
    assert href.startswith(mailing_demo.url)
    page.goto(href)
    assert headline(page) == row_count
    assert f"{row_count:,} sessions consumed" in text

    # The email as its reader sees it: no address but the server's own, and no sideways scrolling on a telephone.
    html = str(parts["text/html"].get_content())
    assert all(part.startswith(mailing_demo.url) for part in html.split('"') if part.startswith("http"))
    for part in mail.walk():
        if part.get_content_type() == "image/png":
            picture = b64encode(part.get_content()).decode()
            html = html.replace(f'"cid:{part["Content-ID"][1:-1]}"', f'"data:image/png;base64,{picture}"')
    for dark in (False, True):
        reader = visitor(size=(320, 800), dark=dark).page()
        reader.set_content(html)
        assert reader.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert reader.locator("img:visible").count() == 1
