"""The check of the mail server: that it answers, with its encryption and password."""

import socket

import pytest

from botmeter.domain.setting_values import MailServer
from botmeter.people import mail_server as check
from botmeter.people.mail_server import mail_server_fault
from support.stand_in_smtp import mail_server

PASSWORD = "secret"  # noqa: S105 - of a mail server in tests


def test_a_mail_server_that_takes_the_password_has_no_fault() -> None:
    with mail_server() as mailbox:
        assert mail_server_fault(MailServer(host="127.0.0.1", port=mailbox.port, encryption="none")) == ""
        signed_in = MailServer(host="127.0.0.1", port=mailbox.port, user="ada", password=PASSWORD, encryption="none")
        assert mail_server_fault(signed_in) == ""


def test_a_refused_password_is_reported_without_it() -> None:
    with mail_server(accepts=False) as mailbox:
        fault = mail_server_fault(
            MailServer(host="127.0.0.1", port=mailbox.port, user="ada", password=PASSWORD, encryption="none")
        )
    assert fault == f"The mail server 127.0.0.1:{mailbox.port} refused the user name or password in BOTMETER_MAIL."


def test_a_mail_server_without_the_encryption_is_reported() -> None:
    with mail_server() as mailbox:
        fault = mail_server_fault(MailServer(host="127.0.0.1", port=mailbox.port, user="ada", encryption="starttls"))
    assert "does not answer as expected (STARTTLS" in fault


def test_a_silent_mail_server_is_reported_after_a_short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_TIMEOUT_SECONDS", 0.05)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        fault = mail_server_fault(MailServer(host="127.0.0.1", port=silent.getsockname()[1], encryption="none"))
    assert "does not answer as expected" in fault
    assert "timed out" in fault
