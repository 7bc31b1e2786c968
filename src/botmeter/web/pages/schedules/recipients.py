"""Recipients of a schedule in its form, each with a part of the report."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import QueryDict

from botmeter.domain.errors import Refused
from botmeter.people.models import Membership
from botmeter.people.notifications.models import Destination
from botmeter.people.notifications.schedules import FILTERS_KEY
from botmeter.people.rights import Right
from botmeter.reports.cost_centres import cost_centre_names
from botmeter.reports.filter_values import filter_values
from botmeter.reports.filters import filter_named
from botmeter.reports.query import UsageQuery
from botmeter.web.access import Visit

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

RECIPIENTS_MAX: Final = 100
"""Each gets a report of its own, which takes up to seconds."""
PART_FILTERS: Final = ("bot", "channel", "cost_centre")
EMAILS_KEY: Final = "emails"
_SEPARATORS: Final = re.compile(r"[\s,;]+")

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Part of a report that a recipient may get; `value` such as `bot=orders`, empty for all of it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Member or destination that can be chosen; `part` is the value of the chosen one."""

    key: str
    name: str
    detail: str
    is_chosen: bool
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientChoices:
    """Recipients to choose from, and what is chosen.

    Attributes:
        may_write_emails: Offers addresses of people who are not members.
    """

    candidates: tuple[Candidate, ...]
    parts: tuple[Part, ...]
    may_write_emails: bool
    emails: str
    emails_part: str


def parts_of(ledger: "ReadableLedger", query: UsageQuery) -> tuple[Part, ...]:
    """Bots, channels and cost centres of the account, after everything."""
    found = [Part(value="", label="Everything in the report")]
    for name in PART_FILTERS:
        declared = filter_named(name)
        if declared.is_set_up and not cost_centre_names(ledger):
            continue
        values = filter_values(ledger, query, declared=declared).values
        found += [Part(value=f"{name}={each.value}", label=f"{declared.label}: {each.label}") for each in values]
    return tuple(found)


def recipient_choices(visit: Visit, entries: Sequence[Entry], *, parts: tuple[Part, ...]) -> RecipientChoices:
    """Choices of a form whose schedule has these entries."""
    chosen = {_key(entry): _part_of(entry) for entry in entries}
    emails = [entry for entry in entries if "email" in entry]
    known = {part.value for part in parts}
    others = tuple(Part(value=value, label=value) for value in dict.fromkeys(chosen.values()) if value not in known)
    return RecipientChoices(
        candidates=tuple(
            Candidate(key=key, name=name, detail=detail, is_chosen=key in chosen, part=chosen.get(key, ""))
            for key, name, detail in _candidates(visit, chosen)
        ),
        parts=parts + others,
        may_write_emails=visit.may(Right.MANAGE_USERS) or bool(emails),
        emails="\n".join(entry["email"] for entry in emails),
        emails_part=_part_of(emails[0]) if emails else "",
    )


def sent_recipients(visit: Visit, sent: QueryDict, *, before: Sequence[Entry]) -> list[dict[str, Any]]:
    """Entries that a form sends; `before` are those of the schedule."""
    offered = {key for key, _, _ in _candidates(visit, {_key(entry): None for entry in before})}
    entries = [_entry(key, sent.get(f"part-{key}", "")) for key in sent.getlist("to") if key in offered]
    part = _filters(sent.get(f"part-{EMAILS_KEY}", ""))
    addresses = dict.fromkeys(filter(None, _SEPARATORS.split(sent.get(EMAILS_KEY, "").lower())))
    return entries + [{"email": each, **({FILTERS_KEY: part} if part else {})} for each in addresses]


def check_recipients(visit: Visit, entries: Sequence[Entry], *, before: Sequence[Entry]) -> None:
    """Raise Refused `recipients_invalid` for entries that the member may not choose."""
    addresses = [entry["email"] for entry in entries if "email" in entry]
    known = {entry["email"] for entry in before if "email" in entry}
    if not visit.may(Right.MANAGE_USERS) and (wrong := [each for each in addresses if each not in known]):
        raise _invalid(f"You may choose members only, not {wrong[0][:60]}. An account owner can add other addresses.")
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError:
            raise _invalid(f"{address[:60]!r} is not an email address.") from None
    if not entries:
        raise _invalid("Choose at least one recipient.")
    if len(entries) > RECIPIENTS_MAX:
        raise _invalid(f"A schedule has at most {RECIPIENTS_MAX} recipients, and you chose {len(entries)}.")


def recipient_names(visit: Visit, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Names of the recipients who are still there."""
    names = {key: name for key, name, _ in _candidates(visit, {_key(entry): None for entry in entries})}
    return tuple(
        entry["email"] if "email" in entry else names[_key(entry)]
        for entry in entries
        if "email" in entry or _key(entry) in names
    )


def _candidates(visit: Visit, chosen: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    members = Membership.objects.select_related("user").filter(account=visit.account, user__is_active=True)
    for each in sorted(members, key=lambda member: str(member.user).casefold()):
        yield f"user:{each.user_id}", str(each.user), each.user.email
    for destination in Destination.objects.filter(account=visit.account).order_by("name"):
        key = f"destination:{destination.pk}"
        if visit.may(Right.MANAGE_NOTIFICATIONS) or key in chosen:
            state = "" if destination.is_on else ", turned off"
            yield key, destination.name, f"{destination.kind.capitalize()}{state}"


def _key(entry: Entry) -> str:
    kind = next(name for name in ("user", "destination", "email") if name in entry)
    return f"{kind}:{entry[kind]}"


def _entry(key: str, part: str) -> dict[str, Any]:
    kind, _, number = key.partition(":")
    filters = _filters(part)
    return {kind: int(number), **({FILTERS_KEY: filters} if filters else {})}


def _filters(part: str) -> dict[str, list[str]]:
    name, _, value = part.partition("=")
    return {name: [value]} if name in PART_FILTERS and value else {}


def _part_of(entry: Entry) -> str:
    return next((f"{name}={values[0]}" for name, values in entry.get(FILTERS_KEY, {}).items()), "")


def _invalid(sentence: str) -> Refused:
    return Refused("recipients_invalid", sentence)
