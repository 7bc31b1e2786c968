"""Admin → Audit log: read-only, newest first."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.domain.instant import datetime_from_us, us_from_datetime
from botmeter.domain.period import day_start_us
from botmeter.people.audit import Action
from botmeter.people.models import AuditEntry, Membership
from botmeter.people.rights import Right, Role
from botmeter.web.access import Visit, for_member
from botmeter.web.layout import Frame, frame
from botmeter.web.rendering import rendered

LINES: Final = 50
# Of actions whose code reads badly.
_LABELS: Final[dict[str, str]] = {
    Action.SESSIONS_ENDED: "Browsers signed out",
    Action.QUARANTINE_RETRIED: "Quarantined events retried",
    Action.QUARANTINE_DISCARDED: "Quarantined events discarded",
    Action.QUARANTINE_RESTORED: "Discarded events restored",
    Action.POLICY_SET: "Policy changed",
    Action.PACKS_REMOVED: "Recurring packs removed",
    Action.LINK_MADE: "Link created",
    Action.SOURCE_KEY_ROTATED: "Source address regenerated",
    Action.SOURCE_PULLED: "Missed events pulled",
}
_FILTERS: Final = ("who", "action", "from", "to")
_FILTER_LENGTH_MAX: Final = 254
# µs since 1970 up to the year 2286, and a number that every database can hold.
_CURSOR: Final = re.compile(r"(\d{1,16})\.(\d{1,18})", re.ASCII)
# `date` ends the day after; no entry is that late.
_DAY_LAST: Final = date(9999, 12, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """Audit entry."""

    at: str
    who: str
    what: str
    detail: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Audit log; `filters` has `who`, `action`, `from` and `to`, empty for all."""

    frame: Frame
    people: tuple[str, ...]
    actions: tuple[tuple[str, str], ...]
    filters: Mapping[str, str]
    lines: tuple[AuditLine, ...]
    older_href: str
    newest_href: str
    clear_href: str


@for_member(Right.SEE_AUDIT)
def audit(visit: Visit) -> HttpResponse:
    """Show the audit log."""
    query = visit.request.GET
    filters = {name: query.get(name, "").replace("\0", "")[:_FILTER_LENGTH_MAX] for name in _FILTERS}
    filters |= _days_in_order({name: filters[name] for name in ("from", "to") if filters[name]})
    entries = _readable(visit.account)
    matching = list(_matching(entries, filters, before=query.get("before", ""))[: LINES + 1])
    lines, path = matching[:LINES], reverse("audit", args=(visit.account,))
    people = {*entries.order_by().values_list("who", flat=True).distinct()[:500], filters["who"]}
    chosen = {name: value for name, value in filters.items() if value}
    newest_href = f"{path}?{urlencode(chosen)}" if chosen else path
    page = AuditPage(
        frame=frame(visit, title="Audit log", current="audit"),
        people=tuple(sorted(people - {""})),
        actions=tuple((action.value, _label(action.value)) for action in Action),
        filters=filters,
        lines=tuple(_line(entry) for entry in lines),
        older_href=f"{path}?{urlencode({**chosen, 'before': _cursor(lines[-1])})}" if len(matching) > LINES else "",
        newest_href=newest_href if "before" in query else "",
        clear_href=path if chosen else "",
    )
    return rendered(visit.request, "audit.html", page=page)


def _days_in_order(typed: Mapping[str, str]) -> dict[str, str]:
    days = sorted(text.day_as_typed(written) for written in typed.values())
    return {name: text.day_text(on) for name, on in zip(typed, days, strict=True)}


def _readable(account: str) -> "QuerySet[AuditEntry]":
    """Entries of the account, and its members' sign-ins and password changes."""
    own = Membership.objects.filter(account=account).values("user")
    return AuditEntry.objects.filter(Q(account=account) | Q(account="", user__in=own))


def _matching(entries: "QuerySet[AuditEntry]", filters: Mapping[str, str], *, before: str) -> "QuerySet[AuditEntry]":
    if filters["who"]:
        entries = entries.filter(who=filters["who"])
    if action := filters["action"]:
        if action not in set(Action):
            raise Refused("parameter_invalid", f"Unknown action {action[:40]!r}. Choose one from the menu on the page.")
        entries = entries.filter(action=action)
    if filters["from"]:
        entries = entries.filter(recorded_at__gte=_day_start(text.day_as_typed(filters["from"])))
    if filters["to"]:
        end_on = min(text.day_as_typed(filters["to"]), _DAY_LAST) + timedelta(days=1)
        entries = entries.filter(recorded_at__lt=_day_start(end_on))
    if before:
        recorded_at, number = _entry_before(before)
        entries = entries.filter(Q(recorded_at__lt=recorded_at) | Q(recorded_at=recorded_at, pk__lt=number))
    return entries.order_by("-recorded_at", "-pk")


def _day_start(day_on: date) -> datetime:
    return datetime_from_us(day_start_us(day_on))


def _cursor(entry: AuditEntry) -> str:
    return f"{us_from_datetime(entry.recorded_at)}.{entry.pk}"


def _entry_before(cursor: str) -> tuple[datetime, int]:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise Refused("cursor_invalid", f"Invalid cursor {cursor[:40]!r}. Start again from the first page of the log.")
    return datetime_from_us(int(match[1])), int(match[2])


def _line(entry: AuditEntry) -> AuditLine:
    return AuditLine(
        at=text.instant_text(us_from_datetime(entry.recorded_at)),
        who=entry.who,
        what=_label(entry.action),
        detail=_detail_text(entry.detail),
        address=entry.address,
    )


def _label(action: str) -> str:
    return _LABELS.get(action) or _words(action).capitalize()


def _words(code: str) -> str:
    return code.replace("second_step", "two-factor authentication").replace("_", " ")


def _detail_text(detail: dict[str, Any]) -> str:
    # Sorted here, as PostgreSQL reorders JSON keys.
    return " · ".join(
        f"{_words(name)}: {_value_text(name, value)}" for name, value in sorted(detail.items()) if value != ""
    )


def _value_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "role" and value in set(Role):
        return Role(str(value)).label.lower()
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
