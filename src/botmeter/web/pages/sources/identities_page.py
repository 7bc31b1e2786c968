"""All bot identities of an account."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse

from botmeter.domain.source import BotIdentity, Source
from botmeter.ledger.sources import sources_of
from botmeter.people.rights import Right
from botmeter.sources.platforms.registry import connector_of
from botmeter.web.access import Visit, for_member
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.pages.sources.source_page import IdentityLine, identity_line
from botmeter.web.rendering import rendered
from botmeter.web.rich_text import Word, name_word


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedIdentity:
    """Bot identity and its source."""

    source: Word
    platform: str
    line: IdentityLine


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitiesPage:
    """Bot identities, by source."""

    frame: Frame
    identities: tuple[ListedIdentity, ...]


@for_member(Right.MANAGE_SOURCES)
def identities(visit: Visit) -> HttpResponse:
    """Show the page."""
    with visit.reading() as ledger:
        sources = sources_of(ledger)
    page = IdentitiesPage(
        frame=frame(visit, title="Bot identities", current="sources", crumbs=section_links(visit.account, "sources")),
        identities=tuple(_line(visit, source, identity=each) for source in sources for each in source.identities),
    )
    return rendered(visit.request, "bot_identities.html", page=page)


def _line(visit: Visit, source: Source, *, identity: BotIdentity) -> ListedIdentity:
    href = f"{reverse('source', args=(visit.account, source.name))}#w-identities"
    return ListedIdentity(
        source=name_word(source.name, href),
        platform=connector_of(source.platform).label,
        line=identity_line(source, identity),
    )
