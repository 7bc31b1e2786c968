"""Check of the mail server."""

import smtplib
import ssl
from typing import Final

from botmeter.domain.setting_values import MailServer

# Short, since a start and `doctor` wait for it; a server that is reachable greets in less than a second.
_TIMEOUT_SECONDS: Final = 5


def mail_server_fault(mail: MailServer) -> str:
    """Sign in to the mail server; return a sentence if that fails, else an empty text."""
    try:
        with _connected(mail) as connection:
            if mail.encryption == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if mail.user:
                connection.login(mail.user, mail.password)
    except smtplib.SMTPAuthenticationError:
        return f"The mail server {mail.host}:{mail.port} refused the user name or password in BOTMETER_MAIL."
    except (OSError, smtplib.SMTPException, UnicodeError) as problem:
        return (
            f"The mail server {mail.host}:{mail.port} does not answer as expected ({_reason(problem)}). "
            "Emails wait in the meantime."
        )
    return ""


def _connected(mail: MailServer) -> smtplib.SMTP:
    if mail.encryption == "tls":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=_TIMEOUT_SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(mail.host, mail.port, timeout=_TIMEOUT_SECONDS)


def _reason(problem: Exception) -> str:
    if isinstance(problem, smtplib.SMTPResponseException):
        return f"code {problem.smtp_code}"
    return getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
