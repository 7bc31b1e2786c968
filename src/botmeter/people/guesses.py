"""Limits on guesses of passwords and codes, by person and by network.

Guesses in a known browser count apart, so that others can't lock its owner out.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest

from botmeter.domain.errors import Unavailable
from botmeter.people import password_hashing
from botmeter.people.attempts import AttemptLimit, Attempts, count_attempt, refuse_blocked, require_attempt
from botmeter.people.client_address import network_of
from botmeter.people.known_browsers import known_browser
from botmeter.people.models import ShareLink, User
from botmeter.people.password_hashing import of_known_person
from botmeter.people.second_factor import device_of_code

# About 30 guesses on the first day and 24 on each further one, against the common passwords that are refused anyway.
_WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 15, 30, 60))
_DAY: Final = timedelta(days=1)

PASSWORDS: Final = AttemptLimit(name="password", free_count=10, period=_DAY, waits=_WAITS)
# Of a million codes three are right at a time; the password was right already.
CODES: Final = AttemptLimit(name="code", free_count=5, period=_DAY, waits=_WAITS)
# For all people together; an office behind one address mistypes less.
CLIENTS: Final = AttemptLimit(name="guesses", free_count=50, period=timedelta(minutes=15))
# A few people with the right password could keep all places of the hashing pool, and fill the table of sessions.
RIGHT_PASSWORDS: Final = AttemptLimit(name="right password", free_count=30, period=timedelta(hours=1))
# Of one network, so that those who have a link can't lock its other readers out at once.
SHARE_PASSWORDS: Final = AttemptLimit(name="share password", free_count=10, period=_DAY, waits=_WAITS)
# Of all networks; the link is a secret, so that strangers can't use this up.
SHARE_LINKS: Final = AttemptLimit(name="share", free_count=100, period=_DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Password or code that a client sent for a person; without `others` in a known browser."""

    person: Attempts
    others: tuple[Attempts, ...] = ()

    @contextmanager
    def comparison(self, *, sentence: str, slot: AbstractContextManager[None] | None = None) -> Iterator[None]:
        """Count the guess, unless its comparison in the `with` is refused.

        Args:
            slot: For its hash, needed before the guess counts.

        Raises:
            Unavailable: `attempts_exceeded`; as `slot`.
        """
        counted = (self.person, *self.others)
        # First, so that a flood of refused guesses takes no slot.
        refuse_blocked(*counted, sentence=sentence)
        # A signed-in person is known in any browser.
        with nullcontext() if self.others else of_known_person(), slot or nullcontext():
            require_attempt(*counted, sentence=sentence)
            try:
                yield
            except Unavailable:
                for each in counted:
                    each.give_back()
                raise

    def succeed(self) -> None:
        self.person.forget()
        for each in self.others:
            each.give_back()


def guess_of(request: HttpRequest, *, email: str, limit: AttemptLimit) -> Guess:
    """Guess for an email address, of a user or not."""
    user = User.objects.filter(email=email).first()
    browser = None if user is None else known_browser(request, user)
    if browser is not None:
        return Guess(person=limit.of(f"{email} in {browser}"))
    return Guess(person=limit.of(email), others=(CLIENTS.of(network_of(request)),))


def user_with_password(request: HttpRequest, *, email: str, password: str) -> User | None:
    """Active user with this email address and password.

    Raises:
        Unavailable: `attempts_exceeded`, `passwords_busy`.
    """
    guess, right = guess_of(request, email=email, limit=PASSWORDS), RIGHT_PASSWORDS.of(email)
    refuse_blocked(right, sentence="The password of this email address was entered too often.")
    sentence = "Too many wrong passwords were tried, for this email address or from your network."
    with guess.comparison(sentence=sentence, slot=password_hashing.pool.slot()):
        user = authenticate(request, username=email, password=password)
    if user is not None:
        guess.succeed()
        count_attempt(right)
    return user


def device_with_code(request: HttpRequest, user: User, *, code: str) -> object | None:
    """User's device that accepts this two-factor code, or None.

    Raises:
        Unavailable: `attempts_exceeded`; as `device_of_code`.
    """
    guess = guess_of(request, email=user.email, limit=CODES)
    with guess.comparison(sentence="Too many wrong codes were tried."):
        device = device_of_code(user, code)
    if device is not None:
        guess.succeed()
    return device


def is_share_password(request: HttpRequest, link: ShareLink, *, password: str) -> bool:
    """Compare a password with a share link's.

    Raises:
        Unavailable: `attempts_exceeded`, `passwords_busy`.
    """
    network = network_of(request)
    person = SHARE_PASSWORDS.of(f"{link.pk} from {network}")
    guess = Guess(person=person, others=(SHARE_LINKS.of(link.pk), CLIENTS.of(network)))
    sentence = "Too many wrong passwords were tried, for this link or from your network."
    with guess.comparison(sentence=sentence, slot=password_hashing.pool.slot()):
        is_right = check_password(password, link.password)
    if is_right:
        guess.succeed()
    return is_right


def forget_wrong_passwords(user: User) -> None:
    """Let the user of a new password sign in at once."""
    PASSWORDS.of(user.email).forget()
