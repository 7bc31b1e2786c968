"""Recipients in a schedule's form, each with a part of the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.http import QueryDict

from botmeter.domain.errors import Refused
from botmeter.people.notifications.schedules import FILTERS_KEY
from botmeter.reports.cost_centres import cost_centre_names
from botmeter.reports.filter_values import filter_values
from botmeter.reports.filters import filter_named
from botmeter.reports.query import UsageQuery
from botmeter.web.access import Visit
from botmeter.web.pages.notifications.recipient_field import (
    Candidate,
    addresses_in,
    check_addresses,
    entry_of,
    key_of,
    may_write_emails,
    recipient_candidates,
)

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

RECIPIENTS_MAX: Final = 100
"""Each gets a report of its own, which takes up to seconds."""
PART_FILTERS: Final = ("bot", "channel", "cost_centre")
EMAILS_KEY: Final = "emails"

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Part of a report that a recipient may get; `value` such as `bot=orders`, empty for all of it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedRecipient:
    """Member or destination in the form; `part` is the value of the chosen one."""

    candidate: Candidate
    is_chosen: bool
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientChoices:
    """Offered and chosen recipients.

    Attributes:
        may_write_emails: Offers addresses of people who are not members.
    """

    candidates: tuple[OfferedRecipient, ...]
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
    """Choices of a form, for these entries."""
    chosen = {key_of(entry): _part_of(entry) for entry in entries}
    emails = [entry for entry in entries if "email" in entry]
    known = {part.value for part in parts}
    others = tuple(Part(value=value, label=value) for value in dict.fromkeys(chosen.values()) if value not in known)
    return RecipientChoices(
        candidates=tuple(
            OfferedRecipient(candidate=each, is_chosen=each.key in chosen, part=chosen.get(each.key, ""))
            for each in recipient_candidates(visit, chosen)
        ),
        parts=parts + others,
        may_write_emails=may_write_emails(visit, [entry["email"] for entry in emails]),
        emails="\n".join(entry["email"] for entry in emails),
        emails_part=_part_of(emails[0]) if emails else "",
    )


def sent_recipients(visit: Visit, sent: QueryDict, *, before: Sequence[Entry]) -> list[dict[str, Any]]:
    """Entries that a form sends; `before` are those of the schedule."""
    offered = {each.key for each in recipient_candidates(visit, set(map(key_of, before)))}
    entries = [_entry(key, sent.get(f"part-{key}", "")) for key in sent.getlist("to") if key in offered]
    part = _filters(sent.get(f"part-{EMAILS_KEY}", ""))
    addresses = addresses_in(sent.get(EMAILS_KEY, ""))
    return entries + [{"email": each, **({FILTERS_KEY: part} if part else {})} for each in addresses]


def check_recipients(visit: Visit, entries: Sequence[Entry], *, before: Sequence[Entry]) -> None:
    """Raise Refused `recipients_invalid` for entries that the member may not choose."""
    known = {entry["email"] for entry in before if "email" in entry}
    check_addresses(visit, (entry["email"] for entry in entries if "email" in entry), known=known)
    if not entries:
        raise recipients_invalid("Choose at least one recipient.")
    if len(entries) > RECIPIENTS_MAX:
        raise recipients_invalid(f"A schedule has at most {RECIPIENTS_MAX} recipients, and you chose {len(entries)}.")


def recipient_names(visit: Visit, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Names of the recipients who are still there."""
    names = {each.key: each.name for each in recipient_candidates(visit, set(map(key_of, entries)))}
    return tuple(
        entry["email"] if "email" in entry else names[key_of(entry)]
        for entry in entries
        if "email" in entry or key_of(entry) in names
    )


def _entry(key: str, part: str) -> dict[str, Any]:
    filters = _filters(part)
    return {**entry_of(key), **({FILTERS_KEY: filters} if filters else {})}


def _filters(part: str) -> dict[str, list[str]]:
    name, _, value = part.partition("=")
    return {name: [value]} if name in PART_FILTERS and value else {}


def _part_of(entry: Entry) -> str:
    return next((f"{name}={values[0]}" for name, values in entry.get(FILTERS_KEY, {}).items()), "")


def recipients_invalid(sentence: str) -> Refused:
    """Error of a form's recipients."""
    return Refused("recipients_invalid", sentence)
