"""Settings of the program; only this module uses the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_VARIABLES: Final = {
    "data_dir": "BOTMETER_DATA",
    "url": "BOTMETER_URL",
    "served_at": "BOTMETER_SERVED_AT",
    "hosts": "BOTMETER_HOSTS",
    "trusted_proxies": "BOTMETER_TRUSTED_PROXIES",
    "mail": "BOTMETER_MAIL",
    "mail_from": "BOTMETER_MAIL_FROM",
    "database_url": "DATABASE_URL",
    "secret_key": "BOTMETER_SECRET_KEY",
    "log_format": "BOTMETER_LOG_FORMAT",
    "log_level": "BOTMETER_LOG_LEVEL",
    "memory_limit": "BOTMETER_MEMORY",
    "wait_seconds": "BOTMETER_WAIT",
    "gallery": "BOTMETER_GALLERY",
}
_DJANGO: Final = "DJANGO_SETTINGS_MODULE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings from the environment as written; empty where not set.

    Attributes:
        served_at: Address that `serve` prints.
        hosts: Separated by commas.
        trusted_proxies: Addresses and networks, separated by commas, or `none`; see `TrustedProxies`.
        mail: `smtp://user:password@host:587`.
        memory_limit: Of each ledger, in DuckDB's format.
    """

    data_dir: str = ""
    url: str = ""
    served_at: str = ""
    hosts: str = ""
    trusted_proxies: str = ""
    mail: str = ""
    mail_from: str = ""
    database_url: str = ""
    secret_key: str = ""
    log_format: str = ""
    log_level: str = ""
    memory_limit: str = ""
    wait_seconds: str = ""
    gallery: str = ""
    home: str = ""
    xdg_data_home: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        variables = own_environment() if environment is None else environment
        values = {name: variables.get(variable, "") for name, variable in _VARIABLES.items()}
        return cls(**values, home=variables.get("HOME", ""), xdg_data_home=variables.get("XDG_DATA_HOME", ""))

    @property
    def default_data_dir(self) -> Path:
        """Default data folder, by the XDG base directory convention."""
        home = Path(self.home) if self.home else Path.home()
        return Path(self.xdg_data_home or home / ".local" / "share") / "botmeter"

    def export(self, *, django_settings: str) -> None:
        for name, variable in _VARIABLES.items():
            value: str = getattr(self, name)
            if value:
                os.environ[variable] = value
        os.environ[_DJANGO] = django_settings


def own_environment() -> Mapping[str, str]:
    """Variables of this process."""
    return os.environ
