"""Hand-over of emails to the mail server."""

import smtplib
from contextlib import suppress
from email.message import Message as MimePart
from email.mime.image import MIMEImage
from email.utils import parseaddr
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.message import SafeMIMEMultipart

from botmeter.people.mail_settings import MAIL_NEEDED, mail_is_set
from botmeter.people.notifications.delivery import Answer, Mail, Outcome, Rendered
from botmeter.people.notifications.models import Notification

_PERMANENT: Final = range(500, 600)
# A sender is refused for its size, or for what the operator can correct: its address or password.
_TOO_LARGE: Final = 552


def send_mail(notification: Notification, rendered: Rendered) -> Answer:
    """Hand an email over to the mail server."""
    if not isinstance(rendered, Mail):
        return Answer(outcome=Outcome.FAILED, text=f"{notification.topic} has no form for emails.")
    if not mail_is_set():
        return Answer(outcome=Outcome.LATER, text=MAIL_NEEDED)
    connection = get_connection()
    try:
        connection.send_messages([email_message(notification, rendered)])
    except smtplib.SMTPRecipientsRefused as problem:
        return _refused(*next(iter(problem.recipients.values())))
    except smtplib.SMTPSenderRefused as problem:
        return _refused(problem.smtp_code, problem.smtp_error, is_final=problem.smtp_code == _TOO_LARGE)
    except smtplib.SMTPDataError as problem:
        return _refused(problem.smtp_code, problem.smtp_error)
    except smtplib.SMTPResponseException as problem:
        return _refused(problem.smtp_code, problem.smtp_error, is_final=False)
    except UnicodeError:
        return Answer(outcome=Outcome.FAILED, text="The address has a host name that does not exist.")
    except OSError as problem:
        # smtplib's other errors are OSErrors, too.
        reason = problem.strerror or str(problem) or type(problem).__name__
        return Answer(outcome=Outcome.LATER, text=f"The mail server does not answer as expected ({reason}).")
    finally:
        # Django leaves it open if the sign-in failed.
        with suppress(OSError):
            connection.close()
    return Answer(outcome=Outcome.HANDED_OVER, text="Accepted by the mail server.")


def message_id(notification: Notification) -> str:
    """Return the Message-ID, the same at each attempt."""
    host = urlsplit(settings.PUBLIC_ORIGIN).hostname or parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{notification.pk.hex}@{host or 'localhost'}>"


def email_message(notification: Notification, mail: Mail) -> EmailMultiAlternatives:
    """Build the email."""
    message = _MailWithImages(
        subject=" ".join(mail.subject.split()),
        body=mail.text,
        to=[notification.recipient],
        # Out-of-office programs don't reply to automatic mails (RFC 3834).
        headers={"Message-ID": message_id(notification), "Auto-Submitted": "auto-generated"},
    )
    message.images = dict(mail.images)
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    for attachment in mail.attachments:
        message.attach(attachment.name, attachment.content, attachment.media_type)
    return message


class _MailWithImages(EmailMultiAlternatives):
    images: dict[str, bytes]

    def message(self, **options: Any) -> Any:
        built = super().message(**options)
        if self.images:
            _add_images(built, self.images)
        return built


def _add_images(message: MimePart, images: dict[str, bytes]) -> None:
    # Beside the HTML: among the attachments, mail programs would list them as files.
    for part in message.walk():
        inner = part.get_payload()
        if part.get_content_subtype() != "alternative" or not isinstance(inner, list):
            continue
        html = inner[-1]
        related = SafeMIMEMultipart(_subtype="related")
        related.attach(html)
        for name, content in images.items():
            image = MIMEImage(content, "png")
            image["Content-ID"] = f"<{name}>"
            image.add_header("Content-Disposition", "inline", filename=f"{name}.png")
            related.attach(image)
        inner[-1] = related
        return


def _refused(code: int, text: bytes | str, *, is_final: bool | None = None) -> Answer:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    ends = code in _PERMANENT if is_final is None else is_final
    return Answer(outcome=Outcome.FAILED if ends else Outcome.LATER, text=f"{code} {said}")
