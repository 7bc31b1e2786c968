"""A source: address, setup, settings, bot identities and deliveries."""

from dataclasses import dataclass
from typing import Final

from django import forms
from django.http import HttpResponse
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.source import BotIdentity, Source
from botmeter.ledger.deliveries import deliveries
from botmeter.ledger.quarantine import quarantine_counts_of
from botmeter.ledger.sources import source_history
from botmeter.people.models import EventSource
from botmeter.people.sources import address_path, event_source
from botmeter.sources.connector import Connector
from botmeter.sources.platforms.registry import connector_of
from botmeter.web.access import Visit
from botmeter.web.layout import Crumb, Frame, frame
from botmeter.web.notices import Notice, pop_notice
from botmeter.web.pages.sources.changes import ChangeLine, change_lines
from botmeter.web.pages.sources.forms import IdentityForm, SecretForm, SettingsForm
from botmeter.web.pages.sources.list_page import state_of
from botmeter.web.pages.sources.outcomes import DeliveryLine, delivery_line
from botmeter.web.pages.sources.pull_card import PullCard, pull_card
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.rich_text import Word, id_word
from botmeter.web.server_state import server_state

DELIVERIES_SHOWN: Final = 50
CHANGES_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressCard:
    """The source's address; `shown` includes only the key's start."""

    shown: str
    made: str
    verify_token: str
    is_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretCard:
    """Signature secret; set, it checks deliveries."""

    is_set: bool
    form: forms.Form


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityLine:
    """A bot identity; `value` is its sender's form value."""

    sender: Word
    value: str
    bot: Word
    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLine:
    """Quarantined events with a code."""

    code: str
    events: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """One source.

    Attributes:
        address: None if it has none on this server.
        secret: None if the platform signs nothing.
        lacks_bot: Messages that name no bot don't count.
        pull: None if the platform can't be pulled.
        changes: Newest first.
    """

    frame: Frame
    notice: Notice | None
    name: str
    platform: str
    sentence: str
    state: tuple[str, str]
    address: AddressCard | None
    steps: tuple[str, ...]
    command: str
    secret: SecretCard | None
    settings: forms.Form
    lacks_bot: bool
    identities: tuple[IdentityLine, ...]
    identity: forms.Form
    deliveries: tuple[DeliveryLine, ...]
    quarantine: tuple[WaitingLine, ...]
    quarantine_command: str
    changes: tuple[ChangeLine, ...]
    pull: PullCard | None
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidForm:
    """An invalid form with its errors."""

    what: str
    form: forms.Form


def source_page(visit: Visit, source: Source, *, invalid: InvalidForm | None = None) -> HttpResponse:
    """Show the page, with an invalid form in place."""
    connector, address = connector_of(source.platform), event_source(visit.account, source.name)
    invalid_forms = {invalid.what: invalid.form} if invalid else {}
    zone = preferred_zone(visit.account)
    with visit.reading() as ledger:
        delivered = deliveries(ledger, source.name, limit=DELIVERIES_SHOWN)
        waiting = quarantine_counts_of(ledger, source.name)
        # One more than shown, as the oldest one's predecessor.
        history = source_history(ledger, source.name, last=CHANGES_SHOWN + 1)
    page = SourcePage(
        frame=_frame(visit, source.name),
        notice=pop_notice(visit.request),
        name=source.name,
        platform=connector.label,
        sentence=connector.summary,
        state=state_of(address),
        address=_address_card(visit, address),
        steps=connector.steps,
        command=connector.command.format(
            account=visit.account, source=source.name, server=visit.request.build_absolute_uri("/").rstrip("/")
        ),
        secret=_secret_card(connector, address, form=invalid_forms.get("secret")),
        settings=invalid_forms.get("settings") or SettingsForm(source=source),
        lacks_bot=source.bot_id is None and not connector.is_native,
        identities=tuple(_identity_line(each) for each in source.identities),
        identity=invalid_forms.get("identity-add") or IdentityForm(platform=source.platform),
        deliveries=tuple(delivery_line(each, zone=zone) for each in delivered),
        quarantine=tuple(
            WaitingLine(code=code, events=text.counted(count, "event")) for code, count in waiting.items()
        ),
        quarantine_command=f"botmeter quarantine list --account {visit.account}",
        changes=change_lines(history, is_whole=len(history) <= CHANGES_SHOWN, zone=zone),
        pull=pull_card(
            source, address, pulls=server_state(visit.request).pulls, form=invalid_forms.get("pull"), zone=zone
        ),
        zone=zone,
    )
    return rendered(visit.request, "source.html", page=page)


def _frame(visit: Visit, name: str) -> Frame:
    crumbs = (Crumb(label="Sources", href=reverse("sources", args=(visit.account,))),)
    return frame(visit, title=name, current="sources", crumbs=crumbs)


def _address_card(visit: Visit, address: EventSource | None) -> AddressCard | None:
    if address is None:
        return None
    return AddressCard(
        shown=visit.request.build_absolute_uri(address_path(address.name, address.key_start)) + "…",
        made=text.moment_text(address.key_made_at),
        verify_token=address.verify_token,
        is_on=address.is_on,
    )


def _secret_card(connector: Connector, address: EventSource | None, *, form: forms.Form | None) -> SecretCard | None:
    if connector.secret is None or address is None:
        return None
    return SecretCard(is_set=bool(address.secret), form=form or SecretForm(platform=connector.platform))


def _identity_line(identity: BotIdentity) -> IdentityLine:
    return IdentityLine(
        sender=id_word(identity.sender),
        value=identity.sender,
        bot=id_word(identity.bot_id),
        name=identity.bot_name or "",
        version=identity.bot_version or "",
    )
