"""Settings; only this module uses the environment."""
# ruff: noqa: RUF009 - `_set_by` makes a field, as `dataclasses.field` does

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from botmeter.domain import setting_values as values
from botmeter.domain.client_address import TrustedProxies
from botmeter.domain.errors import Refused
from botmeter.domain.setting_values import LogFormat, LogLevel, MailServer, Network, PublicUrl

_PREFIX: Final = "BOTMETER_"
# Variables of others: the guides' examples keep a key in one, the tests name a browser.
_FOREIGN: Final = frozenset({"BOTMETER_KEY", "BOTMETER_CHROMIUM"})
_DJANGO: Final = "DJANGO_SETTINGS_MODULE"
_MALLOC_ARENAS: Final = "MALLOC_ARENA_MAX"
_LINEAR_ALGEBRA_THREADS: Final = "OPENBLAS_NUM_THREADS"
# Of a wrong value in a message.
_VALUE_CHARACTERS_MAX: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Declaration of a setting.

    Attributes:
        parse: Reads the text; its `ValueError` continues the sentence "NAME is 'text', …".
        meaning: For the reference page, in Markdown.
        default: Text that stands for a missing one.
        unset: Value without text and default.
        is_secret: Never shown.
        is_internal: For tests, or the server's worker; not documented.
    """

    variable: str
    parse: Callable[[str], Any]
    example: str
    meaning: str
    default: str = ""
    unset: Any = None
    is_secret: bool = False
    is_internal: bool = False


def _set_by(**parts: Any) -> Any:
    setting = Setting(**parts)
    value = setting.parse(setting.default) if setting.default else setting.unset
    return field(default=value, metadata={"setting": setting}, repr=not setting.is_secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings from the environment; an empty variable is not set."""

    data_dir: Path | None = _set_by(
        variable="BOTMETER_DATA",
        parse=Path,
        example="/var/lib/botmeter",
        meaning="data folder, as `--data`; by default `~/.local/share/botmeter`",
    )
    url: PublicUrl | None = _set_by(
        variable="BOTMETER_URL",
        parse=values.public_url,
        example="https://meter.example",
        meaning="public URL; see [Access for others](../guides/serve.md#access-for-others)",
    )
    hosts: tuple[str, ...] = _set_by(
        variable="BOTMETER_HOSTS",
        parse=values.host_names,
        example="meter.internal,10.0.0.7",
        meaning="more host names under which the server is reached, separated by commas; `.meter.example` includes its "
        "subdomains, `*` is any, and both need `BOTMETER_URL` beside `BOTMETER_MAIL`",
        unset=(),
    )
    trusted_proxies: TrustedProxies = _set_by(
        variable="BOTMETER_TRUSTED_PROXIES",
        parse=TrustedProxies.from_text,
        example="10.0.0.5, 172.16.0.0/12",
        meaning="addresses and networks of proxies whose `X-Forwarded-For` is believed; `none` trusts no proxy",
        default="127.0.0.0/8, ::1",
    )
    pull_networks: tuple[Network, ...] = _set_by(
        variable="BOTMETER_PULL_NETWORKS",
        parse=values.networks,
        example="10.1.0.0/16, 127.0.0.1",
        meaning="addresses and networks, separated by commas, that pulls may call although they are not public; see "
        "[Pulls from a private network](../guides/operate.md#pulls-from-a-private-network)",
        unset=(),
    )
    webhook_private_hosts: tuple[Network | str, ...] = _set_by(
        variable="BOTMETER_WEBHOOK_PRIVATE_HOSTS",
        parse=values.private_hosts,
        example="hooks.internal,10.1.0.0/16",
        meaning="host names, addresses and networks, separated by commas, that receive webhooks and chat messages "
        "although they are private; `.internal` includes all hosts below it. See "
        "[Receivers in a private network](../guides/webhooks.md#receivers-in-a-private-network)",
        unset=(),
    )
    report_dir: Path | None = _set_by(
        variable="BOTMETER_REPORT_DIR",
        parse=values.absolute_folder,
        example="/srv/botmeter-reports",
        meaning="folder below which reports are written; without it, reports go into no folder. See "
        "[Folders](../guides/webhooks.md#folders)",
    )
    mail: MailServer | None = _set_by(
        variable="BOTMETER_MAIL",
        parse=values.mail_server,
        example="smtp://user:password@mail.example:587",
        meaning="mail server for invitations and password resets; without it, links are shown to pass on. `smtps` uses "
        "TLS from the start; `smtp` starts it (STARTTLS), except to this machine or with `?encryption=none` at the end",
        is_secret=True,
    )
    mail_from: str = _set_by(
        variable="BOTMETER_MAIL_FROM",
        parse=values.mail_sender,
        example="Botmeter <botmeter@meter.example>",
        meaning="sender of mail",
        default="Botmeter <botmeter@localhost>",
    )
    database_url: str = _set_by(
        variable="DATABASE_URL",
        parse=values.database_url,
        example="postgresql://user:password@db.example/botmeter",
        meaning="user database, instead of `people.sqlite3` in the data folder; needs `.venv/bin/python -m pip "
        'install "psycopg[binary]"`',
        is_secret=True,
        unset="",
    )
    secret_key: str = _set_by(
        variable="BOTMETER_SECRET_KEY",
        parse=str,
        example="a-long-random-text",
        meaning="replaces `secret.key` in the data folder",
        is_secret=True,
        unset="",
    )
    log_format: LogFormat = _set_by(
        variable="BOTMETER_LOG_FORMAT",
        parse=values.log_format,
        example="json",
        meaning="`text` or `json`, as `--log-format`",
        default="text",
    )
    log_level: LogLevel = _set_by(
        variable="BOTMETER_LOG_LEVEL",
        parse=values.log_level,
        example="info",
        meaning="`debug`, `info`, `warning` or `error`; see [Logs](../guides/operate.md#logs)",
        default="warning",
    )
    # DuckDB's memory before it uses the disk; large appends use less (`ledger.large_appends`).
    memory_limit: str = _set_by(
        variable="BOTMETER_MEMORY",
        parse=values.memory_size,
        example="4GB",
        meaning="DuckDB's memory limit per account, in MB, GB, MiB, GiB or %; see [Sizing](../guides/sizing.md)",
        default="800MB",
    )
    wait_seconds: float = _set_by(
        variable="BOTMETER_WAIT",
        parse=values.seconds,
        example="60",
        meaning="for commands without a server: seconds to [wait for the data folder](../concepts/one-owner.md)",
        default="10",
    )
    fonts_dir: Path | None = _set_by(
        variable="BOTMETER_FONTS",
        parse=Path,
        example="/usr/local/share/fonts",
        meaning="folder of fonts for statements as PDF, beside those of the system; see "
        "[Statements as PDF](../guides/statements-as-pdf.md)",
    )
    served_at: str = _set_by(
        variable="BOTMETER_SERVED_AT",
        parse=str,
        example="http://127.0.0.1:8000",
        meaning="address that `serve` prints, for its worker",
        is_internal=True,
        unset="",
    )
    gallery: bool = _set_by(
        variable="BOTMETER_GALLERY",
        parse=values.switch,
        example="1",
        meaning="serves the components of pages at /parts",
        is_internal=True,
        unset=False,
    )
    home: str = ""
    xdg_data_home: str = ""

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, *, ignore_wrong: bool = False
    ) -> "Settings":
        """Read the settings.

        Args:
            environment: None: of this process.
            ignore_wrong: Wrong values count as missing.

        Raises:
            Refused: `setting_invalid`, with a sentence for each wrong value.
        """
        variables = own_environment() if environment is None else environment
        read, faults = _read(variables)
        if faults and not ignore_wrong:
            raise Refused("setting_invalid", "\n".join(faults.values()))
        return cls(**read, home=variables.get("HOME", ""), xdg_data_home=variables.get("XDG_DATA_HOME", ""))

    @property
    def default_data_dir(self) -> Path:
        home = Path(self.home) if self.home else Path.home()
        return Path(self.xdg_data_home or home / ".local" / "share") / "botmeter"


DECLARED: Final[Mapping[str, Setting]] = {
    each.name: each.metadata["setting"] for each in fields(Settings) if "setting" in each.metadata
}
"""Declarations by the name of their field in `Settings`."""


_MAIL_NEEDS_URL: Final = (
    f"{DECLARED['url'].variable} is not set, although {DECLARED['mail'].variable} is, and {DECLARED['hosts'].variable} "
    "has a pattern: strangers could choose the host of links in mail. Write it as in "
    f"{DECLARED['url'].variable}={DECLARED['url'].example}."
)


def wrong_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Sentence per wrong value."""
    return _read(environment)[1]


def _read(environment: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    read: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, setting in DECLARED.items():
        text = environment.get(setting.variable, "")
        if text:
            try:
                read[name] = setting.parse(text)
            except ValueError as fault:
                faults[setting.variable] = _sentence(setting, text, fault=str(fault))
    if "mail" in read and not environment.get(DECLARED["url"].variable) and any(map(_is_open, read.get("hosts", ()))):
        faults[DECLARED["url"].variable] = _MAIL_NEEDS_URL
    return read, faults


def _is_open(host: str) -> bool:
    """Check for a pattern, which hosts of strangers can match."""
    return host.startswith(("*", "."))


def _sentence(setting: Setting, text: str, *, fault: str) -> str:
    # A URL can contain a password where it has no place.
    is_hidden = setting.is_secret or ("@" in text and "://" in text)
    start = "has a value" if is_hidden else f"is {text[:_VALUE_CHARACTERS_MAX]!r},"
    return f"{setting.variable} {start} {fault}. Write it as in {setting.variable}={setting.example}."


def texts_in_force(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(variable, text) of each documented setting, secrets hidden."""
    for setting in DECLARED.values():
        text = environment.get(setting.variable, "")
        if setting.is_internal:
            continue
        if text:
            yield setting.variable, "set, hidden" if setting.is_secret else text
        else:
            yield setting.variable, f"{setting.default} (default)" if setting.default else "not set"


def unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """Sentence per unknown `BOTMETER_…` variable."""
    known = {setting.variable: setting.is_internal for setting in DECLARED.values()}
    for name in sorted(environment):
        if name.startswith(_PREFIX) and name not in known.keys() | _FOREIGN:
            from difflib import get_close_matches

            # The common prefix would make all of them alike.
            documented = {variable.removeprefix(_PREFIX): variable for variable, hidden in known.items() if not hidden}
            close = get_close_matches(name.removeprefix(_PREFIX), documented, n=1)
            advice = f"Did you mean {documented[close[0]]}?" if close else "See docs/reference/settings.md."
            yield f"{name[:_VALUE_CHARACTERS_MAX]} is not a setting and has no effect. {advice}"


def own_environment() -> Mapping[str, str]:
    """Variables of this process."""
    return os.environ


def export(*, django_settings: str, **texts: str) -> None:
    """Set Django's settings module and settings for this process and its workers."""
    for name, text in texts.items():
        os.environ[DECLARED[name].variable] = text
    os.environ[_DJANGO] = django_settings


def limit_malloc_arenas(count: int) -> None:
    """Limit glibc's arenas in the workers of this process, unless its environment does."""
    os.environ.setdefault(_MALLOC_ARENAS, str(count))


def without_threads_of_linear_algebra() -> None:
    """Let NumPy, once loaded, start none: hardly anything uses them, and they wait busily for 0.06 s of CPU."""
    os.environ.setdefault(_LINEAR_ALGEBRA_THREADS, "1")
