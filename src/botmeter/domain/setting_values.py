"""Values of settings, read from text. Each `ValueError` continues the sentence "NAME is 'value', …"."""

import math
import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, Literal, get_args
from urllib.parse import SplitResult, unquote, urlsplit

Network = IPv4Network | IPv6Network
LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]
Encryption = Literal["starttls", "tls", "none"]

LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Hosts that only this machine reaches."""

# Compiled when a setting needs them: every command loads this module.
_HOST: Final = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?|\[[0-9a-f:.]+\]"
_PATH: Final = r"(/[A-Za-z0-9._~-]+)*"
_SENDER: Final = r"([^<>@]+ )?<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+"
_MEMORY: Final = r"(?i)(?P<number>\d+(\.\d+)?) ?(?P<unit>[KMGT]i?B|%)"
_UNITS: Final = {"b": 1_000, "ib": 1_024}
_POWERS: Final = {"k": 1, "m": 2, "g": 3, "t": 4}
# With less, DuckDB can't even open a ledger.
_MEMORY_BYTES_MIN: Final = 100_000_000
_USUAL_PORTS: Final = {"http": 80, "https": 443}
_MAIL_PORTS: Final = {"smtp": 587, "smtps": 465}
_NO_ENCRYPTION: Final = "encryption=none"
_DATABASES: Final = frozenset({"postgresql", "postgres", "sqlite"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicUrl:
    """Address at which people reach the server.

    Attributes:
        host: In lower case; an IPv6 address in brackets.
        port: None: the scheme's usual one.
        path: Empty, or with a slash at its start and none at its end.
    """

    scheme: str
    host: str
    port: int | None = None
    path: str = ""

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}{'' if self.port is None else f':{self.port}'}"

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"

    def __str__(self) -> str:
        return f"{self.origin}{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Server for outgoing mail."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    encryption: Encryption


def public_url(text: str) -> PublicUrl:
    """URL of http or https."""
    parts = _split(text)
    if parts.scheme not in _USUAL_PORTS:
        raise ValueError("which starts with neither https:// nor http://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("which contains a user name or password")
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise ValueError("which contains more than a host and a path")
    path = parts.path.rstrip("/")
    if not re.fullmatch(_PATH, path) or {".", ".."} & set(path.split("/")):
        raise ValueError("whose path contains more than letters, digits, '-', '.', '_' and '~' between slashes")
    host, port = _host_and_port(parts)
    is_usual = port == _USUAL_PORTS[parts.scheme]
    return PublicUrl(scheme=parts.scheme, host=host, port=None if is_usual else port, path=path)


def host_names(text: str) -> tuple[str, ...]:
    """Host names, as in Django's ALLOWED_HOSTS."""
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    for name in names:
        if name != "*" and not re.fullmatch(_HOST, name.removeprefix(".")):
            raise ValueError(f"in which {name!r:.80} is not a host name without scheme, port and path")
    return names


def networks(text: str) -> tuple[Network, ...]:
    """IP addresses and networks, separated by commas."""
    return tuple(_network(part.strip()) for part in text.split(",") if part.strip())


def _network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"in which {text!r:.40} is neither an IP address nor a network") from None


def private_hosts(text: str) -> tuple[Network | str, ...]:
    """Host names, and IP addresses and networks, separated by commas."""
    return tuple(_private_host(part.strip().lower()) for part in text.split(",") if part.strip())


def _private_host(text: str) -> Network | str:
    try:
        return ip_network(text.strip("[]"), strict=False)
    except ValueError:
        if re.fullmatch(_HOST, text.removeprefix(".")):
            return text.rstrip(".")
        raise ValueError(f"in which {text!r:.80} is neither a host name nor an IP address or network") from None


def absolute_folder(text: str) -> Path:
    """Folder by its whole path."""
    path = Path(text)
    if not path.is_absolute():
        raise ValueError("which is not an absolute path")
    return path


def mail_server(text: str) -> MailServer:
    """URL of smtp, or of smtps for TLS from the first byte; user and password are percent-encoded.

    Uses STARTTLS, except to this machine and with `?encryption=none`.
    """
    parts = _split(text)
    if parts.scheme not in {"smtp", "smtps"}:
        raise ValueError("which starts with neither smtp:// nor smtps://")
    if parts.path.strip("/") or parts.query not in {"", _NO_ENCRYPTION} or parts.fragment:
        raise ValueError("with more than a user, password, host and port; write / as %2F, # as %23 and ? as %3F")
    host, port = _host_and_port(parts)
    user = unquote(parts.username or "")
    is_local = (host in LOCAL_HOSTS or host.startswith("127.")) and not user
    if parts.scheme == "smtps":
        encryption: Encryption = "tls"
    else:
        encryption = "none" if parts.query or is_local else "starttls"
    return MailServer(
        host=host.strip("[]"),
        port=port or _MAIL_PORTS[parts.scheme],
        user=user,
        password=unquote(parts.password or ""),
        encryption=encryption,
    )


def mail_sender(text: str) -> str:
    """Email address, with or without a name."""
    if not text.isprintable() or not re.fullmatch(_SENDER, text):
        raise ValueError("which is not an email address")
    return text


def database_url(text: str) -> str:
    """URL of the user database."""
    parts = _split(text)
    if parts.scheme not in _DATABASES:
        raise ValueError("which starts with neither postgresql:// nor sqlite:///")
    if not parts.path.strip("/") and "service=" not in parts.query:
        raise ValueError("which names no database")
    if parts.scheme != "sqlite" and find_spec("psycopg") is None:
        raise ValueError("which needs the package psycopg; install it with pip install 'psycopg[binary]'")
    return text


def memory_size(text: str) -> str:
    """Size in DuckDB's format."""
    match = re.fullmatch(_MEMORY, text)
    if match is None:
        raise ValueError("which is not a size with a unit of MB, GB, MiB, GiB or %")
    number, unit = float(match["number"]), match["unit"].lower()
    if unit == "%" and not 0 < number <= 100:
        raise ValueError("which is not between 0% and 100%")
    if unit != "%" and number * _UNITS[unit[1:]] ** _POWERS[unit[0]] < _MEMORY_BYTES_MIN:
        raise ValueError("which is less than 100MB")
    return text


def seconds(text: str) -> float:
    """Finite number of seconds."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ValueError("which is not a number of seconds")
    return number


def log_level(text: str) -> LogLevel:
    """Level of the log."""
    for level in get_args(LogLevel):
        if text.lower() == level:
            return level
    raise ValueError(f"which is none of {', '.join(get_args(LogLevel))}")


def log_format(text: str) -> LogFormat:
    """Format of the log."""
    for form in get_args(LogFormat):
        if text == form:
            return form
    raise ValueError(f"which is neither {' nor '.join(get_args(LogFormat))}")


def switch(text: str) -> bool:
    """1 or 0, or a word for it."""
    if text.lower() not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise ValueError("which is neither 1 nor 0")
    return text.lower() in {"1", "true", "yes", "on"}


def _split(text: str) -> SplitResult:
    # urlsplit drops some control characters without a word.
    if not text.isprintable() or " " in text:
        raise ValueError("which contains blanks or control characters")
    try:
        return urlsplit(text)
    except ValueError:
        raise ValueError("which is not a URL") from None


def _host_and_port(parts: SplitResult) -> tuple[str, int | None]:
    try:
        port = parts.port
    except ValueError:
        raise ValueError("whose port is not a number up to 65535") from None
    if port == 0 or parts.netloc.endswith(":"):
        raise ValueError("whose port is not a number from 1 on")
    host = parts.hostname or ""
    if not host:
        raise ValueError("which has no host")
    bracketed = f"[{host}]" if ":" in host else host
    if not re.fullmatch(_HOST, bracketed):
        raise ValueError("whose host is not a name in ASCII letters, digits, dots and dashes")
    return bracketed, port
