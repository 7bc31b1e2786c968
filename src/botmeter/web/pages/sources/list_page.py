"""Admin → Sources."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.domain.source import Source
from botmeter.ledger.deliveries import latest_delivery_by_source
from botmeter.ledger.sources import sources_of
from botmeter.people.models import EventSource
from botmeter.people.public_address import server_address
from botmeter.people.rights import Right
from botmeter.people.source_actions import Author, create_source
from botmeter.people.sources import NewAddress
from botmeter.sources.payloads.connector import Connector
from botmeter.sources.platforms.registry import connector_of, connectors
from botmeter.web.access import Visit, for_member
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame
from botmeter.web.notices import COPY_NOW, Notice, add_notice
from botmeter.web.pages.sources.forms import NewSourceForm
from botmeter.web.pages.sources.outcomes import DeliveryLine, delivery_line
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.rich_text import Word, id_word, name_word

_FIELD_OF_CODE: Final = {"source_name_invalid": "name", "source_invalid": "name", "source_exists": "name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """Source."""

    name: Word
    platform: str
    bot: Word
    last: DeliveryLine | None
    state: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesPage:
    """Sources and available platforms; none can be created for an account in a lake."""

    frame: Frame
    sources: tuple[SourceLine, ...]
    form: NewSourceForm
    platforms: tuple[Connector, ...]
    zone: str
    href: str
    identities_href: str
    is_in_lake: bool


@for_member(Right.MANAGE_SOURCES, posts=Right.MANAGE_SOURCES)
def sources(visit: Visit) -> HttpResponse:
    """List sources; create one on POST."""
    initial = {"platform": visit.request.GET.get("platform", "")}
    form = NewSourceForm(visit.request.POST if visit.request.method == "POST" else None, initial=initial)
    if form.is_valid():
        with form_errors(form, fields=_FIELD_OF_CODE):
            source = form.source()
            with visit.writing() as ledger:
                address = create_source(ledger, source, author=Author(user=visit.user, request=visit.request))
            add_notice(visit.request, address_notice(visit, address, fact=f"Address of {source.name}:"))
            return redirect("source", visit.account, source.name)
    return _page(visit, form=form)


def address_notice(visit: Visit, address: NewAddress, *, fact: str) -> Notice:
    """Notice with the whole address."""
    return Notice(fact=fact, consequence=COPY_NOW, secrets=(server_address(visit.request) + address.path,))


def _page(visit: Visit, *, form: NewSourceForm) -> HttpResponse:
    zone = preferred_zone(visit.account)
    with visit.reading() as ledger:
        stored = {each.name: each for each in sources_of(ledger)}
        is_in_lake = ledger.lake is not None
        latest = {name: delivery_line(each, zone=zone) for name, each in latest_delivery_by_source(ledger).items()}
    addresses = {each.name: each for each in EventSource.objects.filter(account=visit.account)}
    unregistered = sorted(latest.keys() - stored)
    page = SourcesPage(
        frame=frame(visit, title="Sources", current="sources"),
        sources=(
            *(
                _line(visit, each, address=addresses.get(each.name), last=latest.get(each.name))
                for each in stored.values()
            ),
            *(_unregistered_line(name, last=latest[name]) for name in unregistered),
        ),
        form=form,
        platforms=tuple(connectors()),
        zone=zone,
        href=reverse("sources", args=(visit.account,)),
        identities_href=reverse("bot-identities", args=(visit.account,)) if stored else "",
        is_in_lake=is_in_lake,
    )
    return rendered(visit.request, "sources.html", page=page)


def _line(visit: Visit, source: Source, *, address: EventSource | None, last: DeliveryLine | None) -> SourceLine:
    return SourceLine(
        name=name_word(source.name, reverse("source", args=(visit.account, source.name))),
        platform=connector_of(source.platform).label,
        bot=id_word(source.bot_id or ""),
        last=last,
        state=state_of(address),
    )


def _unregistered_line(name: str, *, last: DeliveryLine) -> SourceLine:
    return SourceLine(name=name_word(name), platform="API key", bot=id_word(""), last=last, state=("Not set up", ""))


def state_of(address: EventSource | None) -> tuple[str, str]:
    """Text and style of a source's tag."""
    if address is None:
        return ("No address", "warn")
    return ("On", "ok") if address.is_on else ("Off", "")
