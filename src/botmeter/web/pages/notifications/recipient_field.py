"""Recipients in forms of alerts and schedules."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from botmeter.domain.errors import Refused
from botmeter.people.models import Membership
from botmeter.people.notifications.models import Destination
from botmeter.people.notifications.topics import Channel
from botmeter.people.rights import Right
from botmeter.web.access import Visit

_SEPARATORS: Final = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Member or destination that can be chosen; `key` such as `user:7`."""

    key: str
    name: str
    detail: str

    @property
    def label(self) -> str:
        return self.name if self.name == self.detail else f"{self.name} ({self.detail})"


def recipient_candidates(visit: Visit, chosen: Collection[str]) -> Iterator[Candidate]:
    """Members, then destinations: all for those who manage them, else those already chosen."""
    members = Membership.objects.select_related("user").filter(account=visit.account, user__is_active=True)
    for each in sorted(members, key=lambda member: str(member.user).casefold()):
        yield Candidate(key=f"user:{each.user_id}", name=str(each.user), detail=each.user.email)
    for destination in Destination.objects.filter(account=visit.account).order_by("name"):
        key = f"destination:{destination.pk}"
        if visit.may(Right.MANAGE_NOTIFICATIONS) or key in chosen:
            state = "" if destination.is_on else ", off"
            yield Candidate(key=key, name=destination.name, detail=f"{Channel(destination.kind).label}{state}")


def key_of(entry: Mapping[str, Any]) -> str:
    """Key of a stored recipient, such as `{"user": 7}`."""
    kind = next(name for name in ("user", "destination", "email") if name in entry)
    return f"{kind}:{entry[kind]}"


def entry_of(key: str) -> dict[str, Any]:
    """Recipient to store for the key of a candidate."""
    kind, _, number = key.partition(":")
    return {kind: int(number)}


def may_write_emails(visit: Visit, known: Collection[str]) -> bool:
    """Check that the form offers addresses of non-members."""
    return visit.may(Right.MANAGE_USERS) or bool(known)


def addresses_in(text: str) -> list[str]:
    """Addresses separated by blanks, commas or semicolons, each once."""
    return list(dict.fromkeys(filter(None, _SEPARATORS.split(text.lower()))))


def check_addresses(visit: Visit, addresses: Iterable[str], *, known: Collection[str]) -> None:
    """Raise Refused `recipients_invalid` for no address, or a new one by someone who may not manage users.

    Args:
        known: Those that were chosen before.
    """
    for address in addresses:
        if address not in known and not visit.may(Right.MANAGE_USERS):
            raise Refused(
                "recipients_invalid",
                f"You may choose members only, not {address[:60]}. An account owner can add other addresses.",
            )
        try:
            validate_email(address)
        except ValidationError:
            raise Refused("recipients_invalid", f"{address[:60]!r} is not an email address.") from None
