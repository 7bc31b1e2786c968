"""Scheduled statements as emails, webhook calls, chat messages and files."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.urls import reverse

from botmeter.billing.account_statements import statement_named
from botmeter.billing.printed_lines import printed_lines
from botmeter.billing.stated import read_document
from botmeter.billing.statement_document import Document
from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.domain.money_text import money_text
from botmeter.domain.period import Period
from botmeter.people.notifications.delivery import (
    Attachment,
    FolderFiles,
    Rendered,
    WebhookCall,
    Withdrawn,
)
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.schedules import FileFormat
from botmeter.people.notifications.topics import Channel
from botmeter.people.notifications.webhook_events import ReportScheduled, event_data
from botmeter.people.public_address import address_in_message
from botmeter.people.rights import Right
from botmeter.web.notifications.chat_text import chat_of
from botmeter.web.notifications.mail_frame import MailFigure, MailLink, MailPage, MailTable, framed
from botmeter.web.notifications.scheduled_content import (
    ScheduledContent,
    reader_rights,
    reason_without_file,
    schedules_link,
    withdrawal,
)
from botmeter.web.notifications.scheduled_files import WITH_FILES, statement_file

if TYPE_CHECKING:
    from botmeter.ledger.open_ledgers import OpenLedgers
    from botmeter.ledger.readable import ReadableLedger

LINES_MAX: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFacts:
    """Statement as its recipient gets it; `note` is about a missing file."""

    account: str
    document: Document
    days: str
    total: str
    href: str
    file: Attachment | None
    note: str


def rendered_statement(notification: Notification, content: ScheduledContent, *, ledgers: "OpenLedgers") -> Rendered:
    """Render a statement."""
    channel = Channel(notification.channel)
    rights = reader_rights(notification, content)
    if reason := withdrawal(notification, content, is_allowed=Right.SEE_MONEY in rights):
        return Withdrawn(reason=reason)
    with ledgers.reading(notification.account) as ledger:
        facts = _facts(ledger, content, channel=channel, without_file=reason_without_file(notification, rights))
    match channel:
        case Channel.EMAIL:
            return framed(_page(notification, content, facts=facts))
        case Channel.WEBHOOK:
            document = facts.document
            event = ReportScheduled(
                account=notification.account,
                schedule=content.name,
                first=content.first_on.isoformat(),
                last=content.last_on.isoformat(),
                statement=document["number"],
                total=document["total"],
                currency=document["currency"],
                is_sample=content.is_sample,
                url=facts.href,
            )
            return WebhookCall(type="report.scheduled", timestamp=notification.created_at, data=event_data(event))
        case Channel.CHAT:
            return chat_of(_page(notification, content, facts=facts))
        case Channel.FOLDER:
            return FolderFiles(files=() if facts.file is None else (facts.file,))


def _facts(
    ledger: "ReadableLedger", content: ScheduledContent, *, channel: Channel, without_file: str
) -> StatementFacts:
    document = read_document(statement_named(ledger, content.statement))
    file, note = None, ""
    if content.file_format and channel in WITH_FILES:
        note = without_file
        if not without_file:
            try:
                file = statement_file(ledger, content.statement, file_format=FileFormat(content.file_format))
            except Refused as problem:
                note = f"No file is attached. {problem.message}"
    period = Period(first_on=content.first_on, last_on=content.last_on, timezone=content.timezone)
    return StatementFacts(
        account=ledger.account.title,
        document=document,
        days=text.days_text(period),
        total=money_text(Decimal(document["total"]), document["currency"]),
        href=address_in_message(reverse("statement", args=(ledger.account.name, content.statement))),
        file=file,
        note=note,
    )


def _page(notification: Notification, content: ScheduledContent, *, facts: StatementFacts) -> MailPage:
    document = facts.document
    lines = printed_lines(document)
    rows = tuple((line.label, money_text(line.amount, document["currency"])) for line in lines[:LINES_MAX])
    more = len(lines) - len(rows)
    return MailPage(
        subject=f"{'Sample: ' if content.is_sample else ''}Statement {document['number']}, {facts.days}",
        title=f"Statement {document['number']}",
        account=facts.account,
        sentences=tuple(filter(None, (_sentence(facts), facts.note))),
        figures=(MailFigure(label="Total", value=facts.total, detail=facts.days),),
        table=MailTable(
            title="Lines",
            head=("Line", "Amount"),
            rows=rows,
            note=f"{text.counted(more, 'further line')} in the statement." if more else "",
        ),
        link=MailLink(label="Open the statement", href=facts.href),
        reason=notification.cause,
        settings=schedules_link(notification),
        attachments=() if facts.file is None else (facts.file,),
    )


def _sentence(facts: StatementFacts) -> str:
    return f"Statement {facts.document['number']} for {facts.days} is closed. Its total is {facts.total}."
