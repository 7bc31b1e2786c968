"""Printed pages: A4, without navigation, and few."""

import re

import pytest
from playwright.sync_api import Page, expect

from support.browsing import Server

from .conftest import SignIn

pytestmark = pytest.mark.browser


def page_count(page: Page) -> int:
    """Pages of the print on A4."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="A4")))


def test_the_report_prints_on_three_pages(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in()
    page.goto(demo.at(report_path))
    expect(page.locator("[hx-trigger=load]")).to_have_count(0)
    assert page_count(page) <= 3


def test_a_session_prints_on_two_pages_without_navigation(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in()
    page.goto(demo.at(f"{report_path}/rows"))
    page.locator("tr[data-href] td.x a").first.click()
    page.get_by_role("link", name="Why was this session charged?").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page_count(page) <= 2
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.get_by_role("button", name=re.compile("Copy")).first).to_be_hidden()
