"""Facts of a scheduled message: its question, and the rights of its reader."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.urls import reverse

from botmeter.people.models import Membership
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.schedule_models import Schedule
from botmeter.people.public_address import address_in_message
from botmeter.people.rights import Right
from botmeter.reports.compared_period import Compare
from botmeter.reports.filters import Filters
from botmeter.web.notifications.mail_frame import MailLink
from botmeter.web.pages.sharing.saved_address import address_of_query
from botmeter.web.report_address import ReportAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledContent:
    """Facts of a scheduled message, as they were at its slot.

    Attributes:
        filters: Values by filter, of the recipient's own part.
        statement: Its number; empty for none.
        file_format: Value of `FileFormat`.
    """

    schedule_id: int
    name: str
    query: str
    first_on: date
    last_on: date
    timezone: str
    filters: Mapping[str, tuple[str, ...]]
    statement: str
    file_format: str
    skips_empty: bool
    is_sample: bool

    @property
    def address(self) -> ReportAddress | None:
        """Report of the recipient's own part; None if the view leaves it out."""
        view = address_of_query(self.query)
        filters = narrowed(view.filters, self.filters)
        if filters is None:
            return None
        if view.compare is Compare.CUSTOM:
            view = view.against(Compare.AUTOMATIC)
        return replace(view, filters=filters, timezone=self.timezone, follows=False).between(
            self.first_on, self.last_on
        )


def content_of(notification: Notification) -> ScheduledContent:
    """Read the facts of a notification."""
    facts: dict[str, Any] = notification.content
    return ScheduledContent(
        schedule_id=facts["schedule"],
        name=facts["name"],
        query=facts["query"],
        first_on=date.fromisoformat(facts["from"]),
        last_on=date.fromisoformat(facts["to"]),
        timezone=facts["timezone"],
        filters={name: tuple(values) for name, values in facts["filters"].items()},
        statement=facts["statement"],
        file_format=facts["format"],
        skips_empty=facts["skips_empty"],
        is_sample=facts["is_sample"],
    )


def narrowed(filters: Filters, own: Mapping[str, tuple[str, ...]]) -> Filters | None:
    """Filters of a view and a recipient together; None if no session matches both."""
    for name, values in own.items():
        shown = filters.values(name)
        both = tuple(value for value in values if not shown or value in shown)
        if not both:
            return None
        filters = filters.with_values(name, both)
    return filters


def reader_rights(notification: Notification, content: ScheduledContent) -> frozenset[Right]:
    """Rights of the member who gets a message, or else of the schedule's author.

    Empty for a member who left, and for others if the author did.
    """
    user_id = notification.user_id
    if user_id is None:
        user_id = Schedule.objects.filter(pk=content.schedule_id).values_list("created_by", flat=True).first()
    found = Membership.objects.filter(account=notification.account, user=user_id, user__is_active=True)
    membership = found.first() if user_id is not None else None
    return frozenset() if membership is None else membership.rights


def withdrawal(notification: Notification, content: ScheduledContent, *, is_allowed: bool) -> str:
    """Reason for not sending a message; empty for none."""
    if not Schedule.objects.filter(pk=content.schedule_id, removed_at=None).exists():
        return "The schedule was removed."
    if is_allowed:
        return ""
    if notification.user_id is None:
        return "Nothing was sent: the author of the schedule may not see this report any more."
    return "Nothing was sent: the recipient may not see this report any more."


def reason_without_file(notification: Notification, rights: frozenset[Right]) -> str:
    """Sentence on why a message has no file; empty if it may have one."""
    if Right.EXPORT in rights:
        return ""
    who = "you" if notification.user_id is not None else "the author of the schedule"
    return f"No file is attached, because {who} may not export data of this account."


def schedules_link(notification: Notification) -> MailLink | None:
    """Page of the schedules, for members."""
    if notification.user_id is None:
        return None
    return MailLink(
        label="Scheduled reports", href=address_in_message(reverse("schedules", args=(notification.account,)))
    )
