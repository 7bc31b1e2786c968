"""List of destinations, with the form that adds one."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.settings import Settings
from botmeter.people.notifications.destination_changes import add_destination
from botmeter.people.notifications.destinations import KINDS
from botmeter.people.notifications.models import Destination
from botmeter.people.notifications.topics import Channel, Topic
from botmeter.people.rights import Right
from botmeter.people.source_actions import Author
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.confirmation import sent_parameters
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import COPY_NOW, Notice, add_notice
from botmeter.web.pages.destinations.forms import FIELD_OF_CODE, KIND_LABELS, DestinationForm
from botmeter.web.pages.notifications.tabs import notification_tabs
from botmeter.web.rendering import rendered

_SAMPLE: Final = """from standardwebhooks.webhooks import Webhook

event = Webhook("whsec_…").verify(body, headers)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationLine:
    """Destination; `state` is text and style of its tag."""

    name: str
    href: str
    kind: str
    to: str
    topics: str
    added: str
    state: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationsPage:
    """Account's destinations; `note` says why a folder can't be added."""

    frame: Frame
    tabs: tuple[Link, ...]
    destinations: tuple[DestinationLine, ...]
    kinds: tuple[Link, ...]
    kind: str
    form: DestinationForm
    note: str
    sample: str
    href: str


@for_member(Right.MANAGE_NOTIFICATIONS, posts=Right.MANAGE_NOTIFICATIONS)
def destinations(visit: Visit) -> HttpResponse:
    """Show the destinations; add one on POST."""
    sent = sent_parameters(visit.request).get("kind", "")
    kind = Channel(sent) if sent in KINDS else Channel.WEBHOOK
    form = DestinationForm(visit.request.POST if visit.request.method == "POST" else None, kind=kind)
    if form.is_valid():
        with form_errors(form, fields=FIELD_OF_CODE):
            new = add_destination(visit.account, form.draft(), author=author(visit))
            name = new.destination.name
            if new.secret:
                notice = Notice(fact=f"Signing secret of {name}:", consequence=COPY_NOW, secrets=(new.secret,))
            else:
                notice = Notice(fact=f"{name} added.", consequence="Send a test to see whether it works.")
            add_notice(visit.request, notice)
            return redirect("destination", visit.account, new.destination.pk)
    return _page(visit, form=form, kind=kind)


def author(visit: Visit) -> Author:
    """Author of changes."""
    return Author(user=visit.user, request=visit.request)


def state_of(row: Destination) -> tuple[str, str]:
    """Text and style of the tag."""
    if row.is_on:
        return ("On", "ok")
    return ("Turned off by its receiver", "bad") if row.off_reason else ("Off", "")


def _page(visit: Visit, *, form: DestinationForm, kind: Channel) -> HttpResponse:
    here = reverse("destinations", args=(visit.account,))
    rows = Destination.objects.filter(account=visit.account).order_by("name", "pk")
    is_missing = kind is Channel.FOLDER and Settings.from_environment().report_dir is None
    page = DestinationsPage(
        frame=frame(
            visit,
            title="Destinations",
            current="notifications",
            crumbs=section_links(visit.account, "notifications"),
        ),
        tabs=notification_tabs(visit.account, current="destinations"),
        destinations=tuple(_line(visit, row) for row in rows),
        kinds=tuple(
            Link(label=KIND_LABELS[each], href=f"{here}?kind={each}#w-new-destination", is_current=each is kind)
            for each in KINDS
        ),
        kind=kind.value,
        form=form,
        note="This server writes into no folder: its operator has not set BOTMETER_REPORT_DIR." if is_missing else "",
        sample=_SAMPLE,
        href=here,
    )
    return rendered(visit.request, "destinations/list.html", page=page)


def _line(visit: Visit, row: Destination) -> DestinationLine:
    return DestinationLine(
        name=row.name,
        href=reverse("destination", args=(visit.account, row.pk)),
        kind=KIND_LABELS[Channel(row.kind)],
        to=row.shown_url or row.folder or "Folder of the account",
        topics=", ".join(Topic(each).label for each in row.topics),
        added=text.day_text(row.created_at.date()),
        state=state_of(row),
    )
