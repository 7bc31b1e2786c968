"""Frame of emails, in HTML and plain text."""

from dataclasses import dataclass

from django.template.loader import get_template

from botmeter.people.notifications.delivery import Attachment, Mail
from botmeter.web.notifications.mail_text import text_of_table, text_of_values


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFigure:
    """Number with its name."""

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTable:
    """Small table; columns after the first are numbers."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailImage:
    """Chart as PNG of twice its width; `alt` is a sentence with its numbers, `caption` its legend."""

    png: bytes
    alt: str
    width_px: int = 512
    caption: str = ""
    dark_png: bytes = b""

    @property
    def files(self) -> dict[str, bytes]:
        dark = {"chart-dark": self.dark_png} if self.dark_png else {}
        return {"chart": self.png} | dark


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLink:
    """Only link of an email."""

    label: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPage:
    """Contents of an email; `reason` says why the recipient gets it, `settings` is the page that stops it."""

    subject: str
    title: str
    account: str = ""
    sentences: tuple[str, ...] = ()
    figures: tuple[MailFigure, ...] = ()
    image: MailImage | None = None
    table: MailTable | None = None
    link: MailLink | None = None
    after: tuple[str, ...] = ()
    reason: str = ""
    settings: MailLink | None = None
    attachments: tuple[Attachment, ...] = ()


def framed(page: MailPage) -> Mail:
    """Page as an email."""
    return Mail(
        subject=page.subject,
        text=_text(page),
        html=get_template("mail/notification.html").render({"page": page}),
        attachments=page.attachments,
        images=page.image.files if page.image is not None else {},
    )


def _text(page: MailPage) -> str:
    parts = [page.title, *page.sentences]
    if page.figures:
        parts.append(text_of_values([(each.label, each.value, each.detail) for each in page.figures]))
    if page.image is not None:
        parts.append(page.image.alt)
    if page.table is not None:
        table = text_of_table(page.table.head, page.table.rows)
        parts.append(f"{page.table.title}\n\n{table}\n{page.table.note}")
    if page.link is not None:
        parts.append(f"{page.link.label}:\n{page.link.href}")
    parts.extend(page.after)
    settings = f"{page.settings.label}: {page.settings.href}" if page.settings is not None else ""
    footer = [line for line in (page.account, page.reason, settings) if line]
    if footer:
        # The usual mark of a signature, which mail programs show fainter.
        parts.append("\n".join(("-- ", *footer)))
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"
