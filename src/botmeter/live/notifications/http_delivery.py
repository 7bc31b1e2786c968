"""Requests to webhooks and chat channels, and what their answers mean."""

import ssl
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import urllib3

from botmeter import __version__
from botmeter.domain.instant import present
from botmeter.domain.settings import Settings
from botmeter.outgoing.timed_post import PostAnswer, PostLimits, PostRequest, post
from botmeter.people.notifications.delivery import Answer, Outcome
from botmeter.people.notifications.destination_off import turn_off_gone
from botmeter.people.notifications.destination_url import endpoint_of, target_of
from botmeter.people.notifications.destinations import url_of
from botmeter.people.notifications.models import Destination, Notification

SECONDS_MAX: Final = 20.0
"""Of a whole request; the specification recommends 15 to 30 seconds."""
ANSWER_BYTES_MAX: Final = 1_024
"""Of an answer's body, of which only its start is shown."""
RETRY_AFTER_MAX: Final = timedelta(hours=24)
"""The longest wait of the schedule, too."""
_SHOWN_CHARACTERS_MAX: Final = 200
_JSON: Final = "application/json"


def unusable(notification: Notification) -> Answer | None:
    """Final answer if the notification's destination was removed or is off; None if it can be used."""
    destination = notification.destination
    if destination is None:
        return Answer(outcome=Outcome.FAILED, text=f"The destination {notification.recipient} was removed.")
    if not destination.is_on:
        return Answer(outcome=Outcome.FAILED, text=f"The destination {destination.name} is off.")
    return None


def deliver(
    destination: Destination, body: bytes, *, notification: Notification, headers: Mapping[str, str] | None = None
) -> Answer:
    """Post a body to the destination's URL.

    Raises:
        NotAllowed: `destination_address_forbidden`.
        Unavailable: `destination_unknown_host`, `seal_broken`.
    """
    url = url_of(destination)
    # At each attempt: an address can change after it was checked.
    endpoint = endpoint_of(url, private_hosts=Settings.from_environment().webhook_private_hosts)
    request = PostRequest(
        endpoint=endpoint,
        address=endpoint.addresses[(notification.attempts - 1) % len(endpoint.addresses)],
        target=target_of(url),
        headers={
            "Content-Type": _JSON,
            "Accept": _JSON,
            "User-Agent": f"botmeter/{__version__}",
            **(headers or {}),
        },
        body=body,
    )
    try:
        answer = post(request, PostLimits(seconds=SECONDS_MAX, answer_bytes=ANSWER_BYTES_MAX))
    except OSError as problem:
        return Answer(outcome=Outcome.LATER, text=_connection_problem(endpoint.host, problem))
    if answer.status == HTTPStatus.GONE:
        turn_off_gone(destination, notification=notification)
    return _meaning(answer)


def _meaning(answer: PostAnswer) -> Answer:
    said = f"Answered {answer.status}"
    shown = " ".join(answer.body.decode(errors="replace").split())[:_SHOWN_CHARACTERS_MAX]
    text = f"{said}: {shown}" if shown else f"{said}."
    if 200 <= answer.status < 300:
        return Answer(outcome=Outcome.HANDED_OVER, text=text)
    if answer.status == HTTPStatus.GONE:
        return Answer(outcome=Outcome.FAILED, text=f"{said} (gone), so the destination was turned off.")
    if 300 <= answer.status < 400:
        text = f"{said}, a redirect, which is not followed. Enter the URL to which it leads."
    return Answer(outcome=Outcome.LATER, text=text, retry_at=_retry_at(answer.headers, now=present()))


def _retry_at(headers: Mapping[str, str], *, now: datetime) -> datetime | None:
    limit = int(RETRY_AFTER_MAX.total_seconds())
    try:
        seconds = urllib3.Retry(retry_after_max=limit).parse_retry_after(headers.get("Retry-After", ""))
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None
    return now + timedelta(seconds=seconds)


def _connection_problem(host: str, problem: OSError) -> str:
    # Say the same of a refused, a reset and a silent port, which is all that a scan of ports asks.
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"{host} has no certificate that this server trusts."
    return f"{host} does not answer within {SECONDS_MAX:g} seconds."
