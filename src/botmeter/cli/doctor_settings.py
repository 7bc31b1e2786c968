"""Checks of settings and of the mail server."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from botmeter.cli.context import command_context
from botmeter.domain.setting_values import LOCAL_HOSTS
from botmeter.domain.settings import Settings, own_environment, texts_in_force, unknown_variables, wrong_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Result, with the remedy if it failed."""

    name: str
    is_ok: bool
    detail: str


class Fault(Exception):
    """Failed check."""


def setting_checks() -> Iterator[Check]:
    """A check for each variable in force, of a running server or the command."""
    context = command_context()
    wrong = wrong_settings(context.environment)
    for variable, text in texts_in_force(_environment_in_force()):
        if variable in wrong:
            yield Check(name=variable, is_ok=False, detail=wrong[variable])
        else:
            warning = _warning_of_url() if variable == "BOTMETER_URL" else ""
            yield Check(name=variable, is_ok=True, detail=f"{text}{warning}")
    for sentence in unknown_variables({**_environment_in_force(), **context.environment}):
        yield Check(name=sentence.partition(" ")[0], is_ok=False, detail=sentence)


def mail_check(_: Path) -> str:
    """Check the mail server."""
    mail = Settings.from_environment(_environment_in_force(), ignore_wrong=True).mail
    if mail is None:
        return "BOTMETER_MAIL is not set; links are shown to pass on"
    from botmeter.people.mail_server import mail_server_fault

    fault = mail_server_fault(mail)
    if fault:
        raise Fault(fault)
    return f"{mail.host}:{mail.port} accepts email"


def report_folder_check(_: Path) -> str:
    """Check the folder for reports."""
    folder = Settings.from_environment(_environment_in_force(), ignore_wrong=True).report_dir
    if folder is None:
        return "BOTMETER_REPORT_DIR is not set; no report is written into a folder"
    if not folder.is_dir():
        raise Fault(f"{folder}, which BOTMETER_REPORT_DIR names, is not a folder. Create it.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Fault(f"{folder}, which BOTMETER_REPORT_DIR names, can't be written. Give its user the permission.")
    return f"{folder} can be written"


def _environment_in_force() -> Mapping[str, str]:
    context = command_context()
    return context.environment if context.folder is None else own_environment()


def _warning_of_url() -> str:
    url = Settings.from_environment(_environment_in_force(), ignore_wrong=True).url
    is_open = url is not None and not url.is_secure and url.host not in LOCAL_HOSTS
    return "; without https, passwords and keys travel unencrypted" if is_open else ""
