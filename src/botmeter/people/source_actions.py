"""Changes to sources with audit entries, which hold no secrets. Callers check permissions."""

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest

from botmeter.domain.errors import Conflict, Missing, Refused
from botmeter.domain.instant import now_us
from botmeter.domain.source import BotIdentity, Source
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.sources import existing_source, remove_source, set_source, source_of
from botmeter.people.audit import COMMAND_LINE, Action, record
from botmeter.people.models import User
from botmeter.people.sealing import sealed
from botmeter.people.source_pulls import PullSettings, end_pull, set_pull
from botmeter.people.sources import (
    NewAddress,
    addressed_source,
    event_source,
    forget_source,
    new_address,
    update,
)
from botmeter.sources.platforms.registry import connector_of

_SECRET_LENGTH_MAX = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Author of a change; without a user, the command line."""

    user: User | None = None
    request: HttpRequest | None = None

    @property
    def name(self) -> str:
        return self.user.email if self.user else COMMAND_LINE

    def record(self, action: Action, account: str, **detail: Any) -> None:
        record(action, request=self.request, user=self.user, account=account, **detail)


def create_source(ledger: Ledger, source: Source, *, author: Author, secret: str = "") -> NewAddress:
    """Create a source with an address; without a secret, deliveries are not checked.

    Raises:
        Conflict: `source_exists`.
    """
    account = ledger.account.name
    if source_of(ledger, source.name) is not None:
        raise Conflict("source_exists", f"Account {account} already has a source {source.name}.")
    _check_options(source)
    checked = checked_secret(source.platform, secret)
    set_source(ledger, source, by=author.name, now_us=now_us())
    # Access of an earlier source of this name, whose ledger was replaced, must not survive.
    forget_source(account, source.name)
    address = new_address(account, source, created_by=author.user)
    update(address.source, secret=sealed(checked))
    author.record(
        Action.SOURCE_CREATED,
        account,
        source=source.name,
        platform=source.platform,
        key=f"{address.source.key_start}…",
        checks_signatures=bool(checked),
    )
    return address


def change_source(ledger: Ledger, source: Source, *, author: Author) -> bool:
    """Change settings; False if nothing changed."""
    before = existing_source(ledger, source.name)
    _check_options(source, stored=before.options)
    if not set_source(ledger, source, by=author.name, now_us=now_us()):
        return False
    author.record(Action.SOURCE_CHANGED, ledger.account.name, source=source.name, changed=_changed(before, source))
    return True


def add_identity(ledger: Ledger, name: str, *, identity: BotIdentity, author: Author) -> None:
    """Identify a sender as a bot from now on."""
    source = existing_source(ledger, name)
    if identity not in source.identities:
        others = tuple(each for each in source.identities if each.sender != identity.sender)
        change_source(ledger, replace(source, identities=(*others, identity)), author=author)


def remove_identity(ledger: Ledger, name: str, *, sender: str, author: Author) -> None:
    """Stop identifying a sender as a bot; raises Missing `identity_unknown`."""
    source = existing_source(ledger, name)
    others = tuple(each for each in source.identities if each.sender != sender)
    if len(others) == len(source.identities):
        raise Missing("identity_unknown", f"Source {name} has no bot identity {sender[:60]!r}.")
    change_source(ledger, replace(source, identities=others), author=author)


def delete_source(ledger: Ledger, name: str, *, author: Author) -> None:
    """Delete a source with its address and secrets; its events stay."""
    account = ledger.account.name
    removed = remove_source(ledger, name, by=author.name, now_us=now_us())
    forget_source(account, name)
    author.record(Action.SOURCE_REMOVED, account, source=name, platform=removed.platform)


def rotate_address(account: str, source: Source, *, author: Author) -> NewAddress:
    """Replace the source's address, or create its first."""
    before = event_source(account, source.name)
    address = new_address(account, source, created_by=author.user)
    instead_of = f"{before.key_start}…" if before else ""
    author.record(
        Action.SOURCE_KEY_ROTATED,
        account,
        source=source.name,
        key=f"{address.source.key_start}…",
        instead_of=instead_of,
    )
    return address


def change_secret(account: str, source: Source, *, secret: str, author: Author) -> None:
    """Set the signature secret; empty turns the check off."""
    checked = checked_secret(source.platform, secret)
    update(addressed_source(account, source.name), secret=sealed(checked))
    _record_change(account, source.name, changed=["secret" if checked else "secret removed"], author=author)


def turn_source(account: str, name: str, *, is_on: bool, author: Author) -> None:
    """Accept or refuse the source's deliveries."""
    row = addressed_source(account, name)
    if row.is_on != is_on:
        update(row, is_on=is_on)
        _record_change(account, name, changed=["turned on" if is_on else "turned off"], author=author)


def change_pull(settings: PullSettings, *, author: Author) -> None:
    """Set the pull settings of a source."""
    set_pull(settings)
    every = "on demand" if settings.every_minutes is None else f"every {settings.every_minutes} minutes"
    _record_change(settings.account, settings.source, changed=[f"pulls from {settings.url} {every}"], author=author)


def stop_pull(account: str, name: str, *, author: Author) -> None:
    """Stop pulling the source."""
    end_pull(account, name)
    _record_change(account, name, changed=["pulls stopped"], author=author)


def checked_secret(platform: str, secret: str) -> str:
    """Strip a signature secret; raises Refused `secret_invalid`."""
    text = secret.strip()
    if not text:
        return ""
    expected = connector_of(platform).secret
    if expected is None:
        raise Refused("secret_invalid", f"Platform {platform} does not sign its deliveries; leave the secret empty.")
    if len(text) > _SECRET_LENGTH_MAX or "\0" in text:
        raise Refused("secret_invalid", f"A secret has at most {_SECRET_LENGTH_MAX:,} characters, none of them NUL.")
    if expected.validate is not None:
        expected.validate(text)
    return text


def _check_options(source: Source, *, stored: tuple[tuple[str, str], ...] = ()) -> None:
    known = {option.name: option for option in connector_of(source.platform).options}
    # What an earlier version stored must not stand in the way of another change.
    for name, value in (pair for pair in source.options if pair not in stored):
        if name not in known:
            raise Refused(
                "source_option_unknown",
                f"A source of platform {source.platform} has no option {name[:40]!r}. Its options: "
                f"{', '.join(known) or 'none'}.",
            )
        if not known[name].allows(value):
            raise Refused(
                "source_setting_invalid",
                f"{value[:40]!r} is not a value of the option {name}. Use {' or '.join(known[name].codes)}, or an "
                "empty value for the default.",
            )


def _changed(before: Source, after: Source) -> list[str]:
    names = ("bot_id", "bot_name", "bot_version", "channel", "options")
    changed = [name.replace("_", " ") for name in names if getattr(before, name) != getattr(after, name)]
    changed += [f"{each.sender} is {each.bot_id}" for each in after.identities if each not in before.identities]
    senders = {each.sender for each in after.identities}
    return changed + [f"{each.sender} is no bot" for each in before.identities if each.sender not in senders]


def _record_change(account: str, name: str, *, changed: list[str], author: Author) -> None:
    author.record(Action.SOURCE_CHANGED, account, source=name, changed=changed)
