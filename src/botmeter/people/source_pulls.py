"""Pull settings and results of sources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from botmeter.domain.errors import Refused
from botmeter.people.models import EventSource
from botmeter.people.sealing import sealed, unsealed
from botmeter.people.sources import addressed, changed, event_source
from botmeter.sources.platforms.registry import connector_of

MINUTES_MIN: Final = 5
MINUTES_MAX: Final = 7 * 24 * 60
_URL_LENGTH_MAX: Final = 300
_ACCOUNT_LENGTH_MAX: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PullSettings:
    """Pull settings of a source.

    Attributes:
        own_account: Account ID on the platform; empty if it uses none.
        every_minutes: None pulls on request only.

    Raises:
        Refused: `pull_token_missing`, `pull_schedule_invalid`, `pull_account_invalid`.
    """

    account: str
    source: str
    platform: str
    url: str
    own_account: str = ""
    token: str = field(repr=False)
    every_minutes: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", checked_url(self.url))
        if not self.token or not self.token.isascii() or not self.token.isprintable():
            raise Refused("pull_token_missing", "Without its token the platform's API answers nothing: give one.")
        if self.every_minutes is not None and not MINUTES_MIN <= self.every_minutes <= MINUTES_MAX:
            raise Refused(
                "pull_schedule_invalid",
                f"The source can't be asked every {self.every_minutes} minutes: {MINUTES_MIN} to {MINUTES_MAX:,}, or "
                "only when somebody says so.",
            )
        if len(self.own_account) > _ACCOUNT_LENGTH_MAX:
            raise Refused(
                "pull_account_invalid",
                f"The account {self.own_account[:40]!r}… has {len(self.own_account):,} characters; the most is "
                f"{_ACCOUNT_LENGTH_MAX}.",
            )
        api = connector_of(self.platform).pull
        if api is not None and api.check_account is not None:
            api.check_account(self.own_account)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledPull:
    """A source that is pulled on schedule."""

    account: str
    source: str
    every_minutes: int


def checked_url(url: str) -> str:
    """Strip an API URL's trailing slash; raises Refused `pull_url_invalid`."""
    wanted = url.strip()
    try:
        parts = urlsplit(wanted)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        parts, has_host = urlsplit(""), False
    # urlsplit drops tabs and line ends.
    is_plain = wanted.isprintable() and not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme in {"http", "https"} and has_host and is_plain and len(url) <= _URL_LENGTH_MAX:
        return wanted.rstrip("/")
    raise Refused(
        "pull_url_invalid",
        f"{url[:60]!r} is no address of an API: give one such as https://desk.example.org, without a name, a password, "
        "a question mark or what does not print.",
    )


def set_pull(wanted: PullSettings) -> None:
    """Store the pull settings."""
    changed(
        addressed(wanted.account, wanted.source),
        pull_url=wanted.url,
        pull_account=wanted.own_account,
        pull_token=sealed(wanted.token),
        pull_minutes=wanted.every_minutes,
    )


def end_pull(account: str, source: str) -> None:
    """Delete the pull settings and the token."""
    found = event_source(account, source)
    if found is not None:
        changed(found, pull_url="", pull_account="", pull_token="", pull_minutes=None, pull_result=None)


def pull_settings_of(account: str, source: str) -> PullSettings | None:
    """Return the pull settings; None if the source is not pulled."""
    found = event_source(account, source)
    return None if found is None or not found.pull_url else _settings(found)


def scheduled_pulls() -> tuple[ScheduledPull, ...]:
    """Return all enabled sources with a pull schedule."""
    found = EventSource.objects.filter(is_on=True).exclude(pull_url="").order_by("pk")
    return tuple(
        ScheduledPull(account=each.account, source=each.name, every_minutes=each.pull_minutes)
        for each in found
        if each.pull_minutes is not None
    )


def note_pull(account: str, source: str, *, result: Mapping[str, Any]) -> None:
    """Store the result of a pull."""
    found = addressed(account, source)
    found.pull_result = dict(result)
    # Access is unchanged, so the cached source stays valid.
    found.save(update_fields=["pull_result"])


def pull_result(account: str, source: str) -> dict[str, Any] | None:
    """Return the last result; None if there was none."""
    found = event_source(account, source)
    return None if found is None else found.pull_result


def present_token(found: EventSource) -> str:
    """Return the API token; empty if none."""
    return unsealed(found.pull_token, what=f"the token of source {found.name}")


def _settings(found: EventSource) -> PullSettings:
    return PullSettings(
        account=found.account,
        source=found.name,
        platform=found.platform,
        url=found.pull_url,
        own_account=found.pull_account,
        token=present_token(found),
        every_minutes=found.pull_minutes,
    )
