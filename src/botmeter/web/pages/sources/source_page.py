"""Page of a source."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.forms import Form
from django.http import HttpResponse

from botmeter.domain import text
from botmeter.domain.event import CHANNEL_UNKNOWN
from botmeter.domain.source import BotIdentity, Source
from botmeter.ledger.deliveries import deliveries
from botmeter.ledger.quarantine import quarantine_counts_of
from botmeter.ledger.sources import source_history
from botmeter.people.models import EventSource
from botmeter.people.public_address import server_address
from botmeter.people.sources import address_path
from botmeter.reports.bots import names_of_bots
from botmeter.reports.uncounted import uncounted_appends
from botmeter.sources.payloads.connector import Connector
from botmeter.sources.platforms.registry import connector_of
from botmeter.web.access import Visit
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.pages.sources.changes import ChangeLine, change_lines
from botmeter.web.pages.sources.list_page import state_of
from botmeter.web.pages.sources.outcomes import DeliveryLine, delivery_lines
from botmeter.web.pages.sources.pull_card import PullCard, pull_card
from botmeter.web.quarantine_address import QuarantineAddress
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.rich_text import Word, id_word, linked, text_of
from botmeter.web.server_state import server_state

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

DELIVERIES_MAX: Final = 50
CHANGES_MAX: Final = 5
# More than a person has; a channel per customer must not fill the page.
KNOWN_MAX: Final = 200
TEST_NUMBER: Final = "test"
"""Delivery ID of tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressCard:
    """Source's address, with only the start of its key."""

    url: str
    created: str
    verify_token: str
    is_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityLine:
    """Bot identity; `value` is its sender's form value."""

    sender: Word
    value: str
    bot: Word
    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownValues:
    """Bots (ID and name) and channels of the account, offered by fields."""

    bots: tuple[tuple[str, str], ...]
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """One source.

    Attributes:
        address: None if it has none on this server.
        forms: By action; without `secret` if the platform signs nothing.
        bot: Default bot's ID; empty for none.
        test: Last test, None before the first.
        is_set_up: A delivery other than a test has arrived.
        pull: None if the platform can't be pulled.
        changes: Newest first.
    """

    frame: Frame
    connector: Connector
    state: tuple[str, str]
    address: AddressCard | None
    command: str
    has_secret: bool
    forms: dict[str, Form]
    bot: str
    known: KnownValues
    test: DeliveryLine | None
    test_reason: str
    is_set_up: bool
    is_more_open: bool
    identities: tuple[IdentityLine, ...]
    deliveries: tuple[DeliveryLine, ...]
    quarantine: tuple[tuple[Word, str], ...]
    quarantined: str
    quarantine_href: str
    changes: tuple[ChangeLine, ...]
    pull: PullCard | None
    zone: str


def source_page(visit: Visit, source: Source, *, address: EventSource | None, forms: dict[str, Form]) -> HttpResponse:
    """Show the page."""
    connector, zone = connector_of(source.platform), preferred_zone(visit.account)
    with visit.reading() as ledger:
        delivered = deliveries(ledger, source.name, limit=DELIVERIES_MAX)
        quarantined = quarantine_counts_of(ledger, source.name)
        uncounted = uncounted_appends(ledger, (each.append_no for each in delivered if each.accepted))
        known = _known_values(ledger)
        # One more than listed, as the oldest one's predecessor.
        history = source_history(ledger, source.name, last=CHANGES_MAX + 1)
    of_source = QuarantineAddress(source=source.name)
    lines = delivery_lines(delivered, uncounted=uncounted, urls=ReportUrls(owner=visit.account), zone=zone)
    tests = [line for each, line in zip(delivered, lines, strict=True) if each.delivery_id == TEST_NUMBER]
    page = SourcePage(
        frame=frame(visit, title=source.name, current="sources", crumbs=section_links(visit.account, "sources")),
        connector=connector,
        state=state_of(address),
        address=_address_card(visit, address) if address else None,
        command=connector.command.format(
            account=visit.account, source=source.name, server=server_address(visit.request)
        ),
        has_secret=bool(address and address.secret),
        forms=forms,
        bot=source.bot_id or "",
        known=known,
        test=tests[0] if tests else None,
        test_reason=text_of(tests[0].reasons) if tests else "",
        is_set_up=len(delivered) > len(tests),
        is_more_open="more" in visit.request.GET or any(forms[name].is_bound for name in forms if name != "bot"),
        identities=tuple(identity_line(source, each) for each in source.identities),
        deliveries=lines,
        quarantine=tuple(
            (linked(code, of_source.of_code(code).href(visit.account)), text.counted(count, "event"))
            for code, count in quarantined.items()
        ),
        quarantined=text.counted(sum(quarantined.values()), "event") if quarantined else "",
        quarantine_href=of_source.href(visit.account),
        changes=change_lines(history, is_whole=len(history) <= CHANGES_MAX, zone=zone),
        pull=pull_card(address, connector.pull, pulls=server_state(visit.request).pulls, zone=zone)
        if address and connector.pull
        else None,
        zone=zone,
    )
    return rendered(visit.request, "source.html", page=page)


def _known_values(ledger: "ReadableLedger") -> KnownValues:
    touchpoints, names = ledger.touchpoints.all(), names_of_bots(ledger)
    bots = sorted({each.bot_id for each in touchpoints if each.bot_id is not None})
    channels = sorted({each.channel for each in touchpoints} - {CHANNEL_UNKNOWN})
    return KnownValues(
        bots=tuple((bot_id, names[bot_id]) for bot_id in bots[:KNOWN_MAX]), channels=tuple(channels[:KNOWN_MAX])
    )


def _address_card(visit: Visit, address: EventSource) -> AddressCard:
    return AddressCard(
        url=f"{server_address(visit.request)}{address_path(address.name, address.key_start)}…",
        created=text.moment_text(address.key_made_at),
        verify_token=address.verify_token,
        is_on=address.is_on,
    )


def identity_line(source: Source, identity: BotIdentity) -> IdentityLine:
    """Format an identity, with the source's version by default."""
    return IdentityLine(
        sender=id_word(identity.sender),
        value=identity.sender,
        bot=id_word(identity.bot_id),
        name=identity.bot_name or "",
        version=identity.bot_version or source.bot_version or "",
    )
