"""Admin → Sources: list with last deliveries, and a new source."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.source import Source
from botmeter.ledger.deliveries import StoredDelivery, latest_delivery_by_source
from botmeter.ledger.sources import sources_of
from botmeter.people.models import EventSource
from botmeter.people.rights import Right
from botmeter.people.source_actions import Author, create_source
from botmeter.people.sources import NewAddress
from botmeter.sources.connector import Connector
from botmeter.sources.platforms.registry import connector_of, connectors
from botmeter.web.access import Visit, for_member
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame
from botmeter.web.notices import COPY_NOW, Notice, add_notice
from botmeter.web.pages.sources.forms import NewSourceForm
from botmeter.web.pages.sources.outcomes import outcome_text
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.rich_text import Word, id_word, name_word

_FIELD_OF_CODE: Final = {"source_name_invalid": "name", "source_invalid": "name", "source_exists": "name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A source; `last` and `outcome` are of its last delivery."""

    name: Word
    platform: str
    bot: Word
    last: str
    outcome: str
    state: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesPage:
    """Sources and available platforms."""

    frame: Frame
    sources: tuple[SourceLine, ...]
    form: NewSourceForm
    platforms: tuple[Connector, ...]
    zone: str
    href: str
    identities_href: str


@for_member(Right.MANAGE_SOURCES, posts=Right.MANAGE_SOURCES)
def sources(visit: Visit) -> HttpResponse:
    """List sources; create one on POST."""
    form = NewSourceForm(visit.request.POST if visit.request.method == "POST" else None)
    if form.is_valid():
        with form_errors(form, fields=_FIELD_OF_CODE):
            source = form.source()
            with visit.writing() as ledger:
                address = create_source(ledger, source, author=Author(user=visit.user, request=visit.request))
            add_notice(visit.request, address_notice(visit, address, fact=f"Address of {source.name}:"))
            return redirect("source", visit.account, source.name)
    return _page(visit, form=form)


def address_notice(visit: Visit, address: NewAddress, *, fact: str) -> Notice:
    """Return a notice with the whole address."""
    return Notice(fact=fact, consequence=COPY_NOW, secrets=(visit.request.build_absolute_uri(address.path),))


def _page(visit: Visit, *, form: NewSourceForm) -> HttpResponse:
    with visit.reading() as ledger:
        stored, latest = sources_of(ledger), latest_delivery_by_source(ledger)
    addresses = {each.name: each for each in EventSource.objects.filter(account=visit.account)}
    zone = preferred_zone(visit.account)
    lines = [_line(visit, each, address=addresses.get(each.name), last=latest.get(each.name)) for each in stored]
    names = {each.name for each in stored}
    lines += [_unregistered_line(latest[name], zone=zone) for name in sorted(latest.keys() - names)]
    page = SourcesPage(
        frame=frame(visit, title="Sources", current="sources"),
        sources=tuple(lines),
        form=form,
        platforms=tuple(connectors()),
        zone=zone,
        href=reverse("sources", args=(visit.account,)),
        identities_href=reverse("bot-identities", args=(visit.account,)) if stored else "",
    )
    return rendered(visit.request, "sources.html", page=page)


def _line(visit: Visit, source: Source, *, address: EventSource | None, last: StoredDelivery | None) -> SourceLine:
    return SourceLine(
        name=name_word(source.name, reverse("source", args=(visit.account, source.name))),
        platform=connector_of(source.platform).label,
        bot=id_word(source.bot_id or ""),
        last=text.instant_text(last.received_at, zone=preferred_zone(visit.account)) if last else "",
        outcome=outcome_text(last) if last else "",
        state=state_of(address),
    )


def _unregistered_line(last: StoredDelivery, *, zone: str) -> SourceLine:
    """Return the row of a source named in API requests only."""
    return SourceLine(
        name=name_word(last.source),
        platform="API key",
        bot=id_word(""),
        last=text.instant_text(last.received_at, zone=zone),
        outcome=outcome_text(last),
        state=("Not set up", ""),
    )


def state_of(address: EventSource | None) -> tuple[str, str]:
    """Return text and style of a source's tag."""
    if address is None:
        return ("No address", "warn")
    return ("On", "ok") if address.is_on else ("Off", "")
