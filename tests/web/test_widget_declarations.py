"""A widget is visible to members at once, and on shared pages only if its declaration says so."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import User
from botmeter.people.shares import ShareDraft, new_share
from botmeter.web.components import RankedLine
from botmeter.web.pages.report import widgets
from botmeter.web.pages.report.splits import SplitWidget
from botmeter.web.pages.report.widgets import Shared, Widget

pytestmark = pytest.mark.django_db

REPORT = "/a/acme/reports/bot-session-consumption"
DAYS = "from=2026-03-30&to=2026-03-31&timezone=UTC"
MADE_UP = Widget(
    name="made-up",
    title="Made up",
    template="split",
    make=lambda _: SplitWidget(
        columns=("Thing", "Number", "Share"),
        lines=(RankedLine(name="secret thing", number=1, value="1", width="1"),),
    ),
)


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> Callable[[Widget], None]:
    """`declared(widget)`: adds a widget to the report."""
    return lambda widget: monkeypatch.setattr(widgets, "WIDGETS", (*widgets.WIDGETS, widget))


@pytest.fixture
def secret(owner: User, ledgers: OpenLedgers) -> str:
    """The secret of a link with all that a link can include."""
    draft = ShareDraft(name="March", query=DAYS, lasting_days=1, may_see_rows=True)
    return new_share("acme", draft, created_by=owner).secret


def page_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("loads_later", [False, True])
def test_a_new_widget_is_visible_to_members_and_private_on_shared_pages(
    declared: Callable[[Widget], None],
    browser: Callable[..., Client],
    owner: User,
    secret: str,
    loads_later: bool,
) -> None:
    declared(replace(MADE_UP, loads_later=loads_later))
    assert 'data-widget="made-up"' in page_of(browser(owner), f"{REPORT}?{DAYS}")
    assert "secret thing" in page_of(browser(owner), f"{REPORT}/widgets/made-up?{DAYS}")

    shared = page_of(browser(), f"/s/{secret}")
    assert "made-up" not in shared
    assert "secret thing" not in shared
    assert browser().get(f"/s/{secret}/widgets/made-up").status_code == 404


def test_a_widget_declared_as_shared_is_visible_on_shared_pages(
    declared: Callable[[Widget], None], browser: Callable[..., Client], secret: str
) -> None:
    declared(replace(MADE_UP, shared=Shared.ALWAYS))
    assert "secret thing" in page_of(browser(), f"/s/{secret}")
    assert "secret thing" in page_of(browser(), f"/s/{secret}/widgets/made-up")
