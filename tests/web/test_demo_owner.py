"""Saved views and notes of the demo's owner."""

import pytest

from botmeter.demo import DEMO_ACCOUNT
from botmeter.people.models import DayNote, Membership, SavedView
from botmeter.server.demo_owner import demo_owner_link

pytestmark = pytest.mark.django_db


def test_the_demo_s_owner_has_views_and_notes_which_are_made_once() -> None:
    demo_owner_link()
    views = SavedView.objects.filter(account=DEMO_ACCOUNT)
    assert list(views.order_by("name").values_list("name", flat=True)) == [
        "Last month by opening bot",
        "Refund tickets, last 90 days",
        "Web chats this quarter",
    ]
    texts = set(DayNote.objects.filter(account=DEMO_ACCOUNT).values_list("text", flat=True))
    assert {"Black Friday", "January sale", "Gift season"} <= texts
    views.filter(name__startswith="Web").delete()
    demo_owner_link()
    assert views.count() == 2
    assert Membership.objects.filter(account=DEMO_ACCOUNT).count() == 1
