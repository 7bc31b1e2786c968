"""Questions before actions that platforms notice at once."""

from typing import Final

from django.http import HttpResponse
from django.urls import reverse

from botmeter.domain.source import Source
from botmeter.people.models import EventSource
from botmeter.sources.platforms.registry import connector_of
from botmeter.web.access import Visit
from botmeter.web.confirmation import Confirmation, account_confirmation, sent_parameters

# Question, effect and button by action.
_QUESTIONS: Final = {
    "identity-remove": (
        "Remove the bot identity {sender} of {source}?",
        "Later messages from {sender} no longer count as a bot's. Messages counted so far do not change.",
        "Remove identity",
    ),
    "secret-remove": (
        "Remove the signature secret of {source}?",
        "Signatures are no longer checked: anyone who has the address can send. The secret can't be shown again.",
        "Remove secret",
    ),
    "rotate": (
        "Regenerate the address of {source}?",
        "The current address stops working at once. Deliveries are refused until {platform} has the new one.",
        "Regenerate address",
    ),
    "turn-off": (
        "Turn off {source}?",
        "Its deliveries are refused until it is turned on again. A platform may stop retrying after a while.",
        "Turn off",
    ),
    "pull-stop": (
        "Stop the pulls of {source}?",
        "The settings and the token of the pulls are deleted. Deliveries to the address are still accepted.",
        "Stop pulls",
    ),
    "remove": (
        "Remove the source {source}?",
        "Its address stops working at once, and its secrets are deleted. Its events stay and count.",
        "Remove source",
    ),
}
# Without an address they have no effect, or create one.
_OF_ADDRESS: Final = {"secret-remove", "rotate", "turn-off", "pull-stop"}


def source_confirmation(visit: Visit, source: Source, *, address: EventSource | None) -> HttpResponse | None:
    """Ask before the requested action; None if it needs no question."""
    sent = sent_parameters(visit.request)
    action = sent.get("what", "")
    if action not in _QUESTIONS or (address is None and action in _OF_ADDRESS):
        return None
    values = {
        "source": source.name,
        "platform": connector_of(source.platform).label,
        "sender": sent.get("sender", ""),
    }
    question, effect, button = (words.format(**values) for words in _QUESTIONS[action])
    cancel_href = reverse("source", args=(visit.account, source.name))
    confirmation = Confirmation(question=question, effect=effect, button=button, cancel_href=cancel_href)
    return account_confirmation(visit, confirmation, section="sources")
