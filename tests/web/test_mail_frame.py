"""The frame of emails: two forms with the same contents, and nothing from elsewhere."""

import re

import pytest

from botmeter.live.notifications.mail_transport import email_message
from botmeter.people.notifications.delivery import Attachment, Mail
from botmeter.people.notifications.models import Notification
from botmeter.web.notifications.mail_frame import MailFigure, MailImage, MailLink, MailPage, MailTable, framed

HREF = "https://meter.example.org/a/maple/alerts?level=80&by=bot"
PAGE = MailPage(
    subject="Maple used 80 %",
    title="80 % used",
    account="Maple & Moor",
    sentences=("At the present pace, nothing is left on 24 Nov 2026.",),
    figures=(MailFigure(label="Used", value="8,204 of 10,000", detail="82 %"), MailFigure(label="Left", value="1,796")),
    image=MailImage(png=b"light", dark_png=b"dark", alt="8,204 sessions until 22 Nov."),
    table=MailTable(title="By bot", head=("Bot", "Sessions"), rows=(("<Order> bot", "4,120"), ("Returns", "12"))),
    link=MailLink(label="Open the alert", href=HREF),
    after=("Sessions beyond cost $0.10 each.",),
    reason="You get this email because the alert “Used” names you.",
    settings=MailLink(label="Change the alert", href="https://meter.example.org/a/maple/admin/alerts/1"),
    attachments=(Attachment(name="rows.csv", content=b"a,b\n", media_type="text/csv"),),
)


@pytest.fixture(scope="module")
def mail() -> Mail:
    return framed(PAGE)


def test_both_forms_say_the_same(mail: Mail) -> None:
    shown = re.sub(r"<style>.*</style>", "", mail.html, flags=re.DOTALL).replace("&amp;", "&").replace("&lt;", "<")
    shown = shown.replace("&gt;", ">")
    for words in (
        *("Maple & Moor", "80 % used", "nothing is left on 24 Nov", "8,204 of 10,000", "82 %", "1,796", "By bot"),
        *("<Order> bot", "4,120", "8,204 sessions until 22 Nov.", "Open the alert", HREF, "$0.10 each", "names you."),
        *("Change the alert", "https://meter.example.org/a/maple/admin/alerts/1"),
    ):
        assert words in shown
        assert words in mail.text
    assert "Used:  8,204 of 10,000 (82 %)\nLeft:  1,796\n" in mail.text
    assert "Bot          Sessions\n<Order> bot     4,120\nReturns            12\n" in mail.text


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(mail: Mail) -> None:
    assert set(re.findall(r'(?:src|background)="([^"]+)"', mail.html)) == {"cid:chart", "cid:chart-dark"}
    assert {href.split("/a/")[0] for href in re.findall(r'href="([^"]+)"', mail.html)} == {"https://meter.example.org"}
    assert not re.search(r"<script|<link|<iframe|@import|@font-face|url\(|\son\w+=", mail.html)


def test_images_stand_beside_the_html_and_files_after_both(mail: Mail) -> None:
    built = email_message(Notification(recipient="ada@example.org"), mail).message()
    shape = [part.get_content_type() for part in built.walk()]
    assert shape == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html"),
        *("image/png", "image/png", "text/csv"),
    ]
    assert [part["Content-ID"] for part in built.walk() if part["Content-ID"]] == ["<chart>", "<chart-dark>"]


def test_an_empty_frame_has_no_empty_parts() -> None:
    mail = framed(MailPage(subject="s", title="Only a title"))
    assert mail.text == "Only a title\n"
    assert '<table class="outer"' in mail.html
    assert "<th" not in mail.html
    assert "<img" not in mail.html
