"""Admin → Audit log: read-only, newest first."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.domain.instant import datetime_from_us, us_from_datetime
from botmeter.domain.period import day_from_text, day_start_us
from botmeter.people.audit import Action
from botmeter.people.models import AuditEntry, Membership
from botmeter.people.rights import Right, Role
from botmeter.web.access import Visit, for_member
from botmeter.web.layout import Frame, frame
from botmeter.web.rendering import rendered

LINES: Final = 50
# µs since 1970 up to the year 2286, and a number that every database can hold.
_CURSOR: Final = re.compile(r"(\d{1,16})\.(\d{1,18})", re.ASCII)
# `date` ends the day after; no entry is that late.
_DAY_LAST: Final = date(9999, 12, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """An audit entry."""

    at: str
    who: str
    what: str
    detail: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A filter value."""

    value: str
    label: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """The audit log."""

    frame: Frame
    people: tuple[Choice, ...]
    actions: tuple[Choice, ...]
    first: str
    last: str
    lines: tuple[AuditLine, ...]
    older_href: str
    newest_href: str
    clear_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditAddress:
    """Filters and position in the log.

    Attributes:
        action: None for all.
        before: Time (µs UTC) and number of the last entry already shown.
    """

    who: str
    action: Action | None
    first_on: date | None
    last_on: date | None
    before: tuple[int, int] | None

    def query(self, **more: str) -> str:
        """Encode the query string."""
        pairs = {
            "who": self.who,
            "action": self.action.value if self.action else "",
            "from": self.first_on.isoformat() if self.first_on else "",
            "to": self.last_on.isoformat() if self.last_on else "",
            **more,
        }
        return f"?{urlencode({name: value for name, value in pairs.items() if value})}"


@for_member(Right.SEE_AUDIT)
def audit(visit: Visit) -> HttpResponse:
    """Show the audit log."""
    address = _read_address(visit)
    entries = _readable(visit.account)
    found = list(_matching(entries, address)[: LINES + 1])
    shown, path = found[:LINES], reverse("audit", args=(visit.account,))
    last = f"{us_from_datetime(shown[-1].recorded_at)}.{shown[-1].pk}" if len(found) > LINES else ""
    people = sorted(set(entries.order_by().values_list("who", flat=True).distinct()[:500]) | ({address.who} - {""}))
    is_filtered = address.query() != "?"
    page = AuditPage(
        frame=frame(visit, title="Audit log", current="audit"),
        people=tuple(Choice(value=who, label=who, is_current=who == address.who) for who in people),
        actions=tuple(
            Choice(value=action.value, label=_label(action.value), is_current=action == address.action)
            for action in Action
        ),
        first=address.first_on.isoformat() if address.first_on else "",
        last=address.last_on.isoformat() if address.last_on else "",
        lines=tuple(_line(entry) for entry in shown),
        older_href=path + address.query(before=last) if last else "",
        newest_href=path + (address.query() if is_filtered else "") if address.before else "",
        clear_href=path if is_filtered else "",
    )
    return rendered(visit.request, "audit.html", page=page)


def _readable(account: str) -> "QuerySet[AuditEntry]":
    """Return entries of the account, and its members' sign-ins and password changes."""
    own = Membership.objects.filter(account=account).values("user")
    return AuditEntry.objects.filter(Q(account=account) | Q(account="", user__in=own))


def _matching(entries: "QuerySet[AuditEntry]", address: AuditAddress) -> "QuerySet[AuditEntry]":
    if address.who:
        entries = entries.filter(who=address.who)
    if address.action:
        entries = entries.filter(action=address.action.value)
    if address.first_on:
        entries = entries.filter(recorded_at__gte=datetime_from_us(day_start_us(address.first_on)))
    if address.last_on:
        end_on = min(address.last_on, _DAY_LAST) + timedelta(days=1)
        entries = entries.filter(recorded_at__lt=datetime_from_us(day_start_us(end_on)))
    if address.before:
        before = datetime_from_us(address.before[0])
        entries = entries.filter(Q(recorded_at__lt=before) | Q(recorded_at=before, pk__lt=address.before[1]))
    return entries.order_by("-recorded_at", "-pk")


def _read_address(visit: Visit) -> AuditAddress:
    given = visit.request.GET
    action = given.get("action", "")
    if action and action not in set(Action):
        raise Refused("parameter_invalid", f"Unknown action {action[:40]!r}. Choose one from the menu on the page.")
    return AuditAddress(
        who=given.get("who", "")[:254].replace("\0", ""),
        action=Action(action) if action else None,
        first_on=_day(given.get("from")),
        last_on=_day(given.get("to")),
        before=_cursor(given.get("before", "")),
    )


def _day(given: str | None) -> date | None:
    return day_from_text(given) if given else None


def _cursor(given: str) -> tuple[int, int] | None:
    if not given:
        return None
    found = _CURSOR.fullmatch(given)
    if found is None:
        raise Refused("cursor_invalid", f"Invalid cursor {given[:40]!r}. Start again from the first page of the log.")
    return int(found[1]), int(found[2])


def _line(entry: AuditEntry) -> AuditLine:
    return AuditLine(
        at=text.instant_text(us_from_datetime(entry.recorded_at)),
        who=entry.who,
        what=_label(entry.action),
        detail=_detail_text(entry.detail),
        address=entry.address,
    )


def _label(action: str) -> str:
    return action.replace("_", " ").capitalize()


def _detail_text(detail: dict[str, Any]) -> str:
    """Format the details; a sentence under `told` replaces them."""
    if "told" in detail:
        return str(detail["told"])
    # Sorted here, as PostgreSQL reorders JSON keys.
    return " · ".join(
        f"{name.replace('_', ' ')}: {_value_text(name, value)}" for name, value in sorted(detail.items()) if value != ""
    )


def _value_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "role" and value in set(Role):
        return Role(str(value)).label.lower()
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
