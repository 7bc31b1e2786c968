"""Renderers by topic."""

from collections.abc import Mapping
from typing import Final

from botmeter.people.notifications.delivery import Render, RenderContext, Rendered
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.topics import Topic
from botmeter.web.notifications.alert_message import rendered_alert
from botmeter.web.notifications.closed_statement import rendered_statement_closed
from botmeter.web.notifications.destination_mail import rendered_destination_off
from botmeter.web.notifications.live_limits import rendered_allowance_exhausted, rendered_cap_reached
from botmeter.web.notifications.scheduled_report import rendered_report
from botmeter.web.notifications.security_mails import rendered_invitation, rendered_password_link
from botmeter.web.notifications.test_message import rendered_test

RENDERERS: Final[Mapping[Topic, Render]] = {
    Topic.ALERT: rendered_alert,
    Topic.ALLOWANCE_EXHAUSTED: rendered_allowance_exhausted,
    Topic.CAP_REACHED: rendered_cap_reached,
    Topic.DESTINATION_OFF: rendered_destination_off,
    Topic.INVITATION: rendered_invitation,
    Topic.PASSWORD_RESET: rendered_password_link,
    Topic.REPORT: rendered_report,
    Topic.STATEMENT_CLOSED: rendered_statement_closed,
    Topic.TEST: rendered_test,
}


def render(notification: Notification, context: RenderContext) -> Rendered:
    """Render a notification for its channel."""
    return RENDERERS[Topic(notification.topic)](notification, context)
