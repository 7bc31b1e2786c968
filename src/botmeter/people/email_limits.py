"""Limits on emails sent for people."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final

from botmeter.domain.errors import Unavailable
from botmeter.people.attempts import AttemptLimit, Attempts, count_attempt, duration_text
from botmeter.people.models import User

RECIPIENTS: Final = AttemptLimit(
    name="emails to",
    free_count=3,
    period=timedelta(days=1),
    waits=tuple(timedelta(hours=hours) for hours in (1, 2, 4, 8, 24)),
)
"""Of one mailbox, from all accounts together: enough for an email that was lost, six on the first day."""
SENDERS: Final = AttemptLimit(name="emails by", free_count=100, period=timedelta(hours=1))
"""Of one user, in all accounts together: enough to invite a department."""


def emails_to(address: str) -> Attempts:
    """Emails to an address's mailbox."""
    return RECIPIENTS.of(mailbox_of(address))


def mailbox_of(address: str) -> str:
    """Address without `+tag`, quotes, case and compatible characters, so that spellings of one mailbox count as one."""
    quoted, _, domain = address.casefold().rpartition("@")
    local = quoted.strip('"').replace("\\", "")
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode("ascii")
    return f"{local.partition('+')[0] or local}@{domain}"


@contextmanager
def email_allowed(to: str, *, by: User) -> Iterator[None]:
    """Count an email that the `with` writes; not if it fails.

    Raises:
        Unavailable: `emails_exceeded`.
    """
    limits = (emails_to(to), SENDERS.of(by.pk))
    if wait := count_attempt(*limits):
        raise Unavailable(
            "emails_exceeded",
            f"Too many emails were sent: more than {RECIPIENTS.free_count} to {to}, or {SENDERS.free_count} by you "
            f"within an hour. Try again in {duration_text(wait)}.",
            retry_after_seconds=wait,
        )
    try:
        yield
    except BaseException:
        for limit in limits:
            limit.give_back()
        raise
