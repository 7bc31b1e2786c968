"""Pull settings and results of sources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from django.db.models import QuerySet

from botmeter.domain.errors import Refused
from botmeter.people.models import EventSource
from botmeter.people.sealing import sealed, unsealed
from botmeter.people.sources import addressed_source, event_source, update
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
        object.__setattr__(self, "url", _checked_url(self.url))
        if not self.token or not self.token.isascii() or not self.token.isprintable():
            raise Refused("pull_token_missing", "Enter the token of the platform's API, in printable ASCII characters.")
        if self.every_minutes is not None and not MINUTES_MIN <= self.every_minutes <= MINUTES_MAX:
            raise Refused(
                "pull_schedule_invalid",
                f"A source can't be pulled every {self.every_minutes} minutes. Use {MINUTES_MIN} to {MINUTES_MAX:,} "
                "minutes, or pull it on demand.",
            )
        if len(self.own_account) > _ACCOUNT_LENGTH_MAX:
            raise Refused(
                "pull_account_invalid",
                f"Account ID {self.own_account[:40]!r}… has {len(self.own_account):,} characters; the limit is "
                f"{_ACCOUNT_LENGTH_MAX}.",
            )
        api = connector_of(self.platform).pull
        if api is not None and api.check_account is not None:
            api.check_account(self.own_account)


def _checked_url(url: str) -> str:
    stripped = url.strip()
    try:
        parts = urlsplit(stripped)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        parts, has_host = urlsplit(""), False
    # urlsplit drops tabs and line ends.
    is_plain = stripped.isprintable() and not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme in {"http", "https"} and has_host and is_plain and len(url) <= _URL_LENGTH_MAX:
        return stripped.rstrip("/")
    raise Refused(
        "pull_url_invalid",
        f"{url[:60]!r} is not a valid API address. Use a URL such as https://desk.example.org, without user name, "
        f"password, query or fragment, of at most {_URL_LENGTH_MAX} characters.",
    )


def set_pull(settings: PullSettings) -> None:
    """Store the pull settings."""
    update(
        addressed_source(settings.account, settings.source),
        pull_url=settings.url,
        pull_account=settings.own_account,
        pull_token=sealed(settings.token),
        pull_minutes=settings.every_minutes,
    )


def end_pull(account: str, source: str) -> None:
    """Delete the pull settings and the token."""
    row = event_source(account, source)
    if row is not None:
        update(row, pull_url="", pull_account="", pull_token="", pull_minutes=None, pull_result=None)


def pull_settings_of(account: str, source: str) -> PullSettings | None:
    """Pull settings; None if the source is not pulled."""
    row = event_source(account, source)
    if row is None or not row.pull_url:
        return None
    return PullSettings(
        account=row.account,
        source=row.name,
        platform=row.platform,
        url=row.pull_url,
        own_account=row.pull_account,
        token=present_token(row),
        every_minutes=row.pull_minutes,
    )


def scheduled_pulls() -> QuerySet[EventSource]:
    """Enabled sources with a pull schedule."""
    return EventSource.objects.filter(is_on=True, pull_minutes__isnull=False).exclude(pull_url="").order_by("pk")


def record_pull(account: str, source: str, *, result: Mapping[str, Any]) -> None:
    """Store the result of a pull."""
    row = addressed_source(account, source)
    row.pull_result = dict(result)
    # Access is unchanged, so the cached source stays valid.
    row.save(update_fields=["pull_result"])


def present_token(row: EventSource) -> str:
    """API token; empty if none."""
    return unsealed(row.pull_token, what=f"the token of source {row.name}")
