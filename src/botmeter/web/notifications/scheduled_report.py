"""Scheduled reports as emails, webhook calls, chat messages and files."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from botmeter.charts.picture import chart_png
from botmeter.charts.plane import WIDTHS
from botmeter.domain import text
from botmeter.domain.period import Period
from botmeter.people.notifications.delivery import (
    Attachment,
    FolderFiles,
    RenderContext,
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
from botmeter.web.notifications.mail_frame import MailFigure, MailImage, MailLink, MailPage, MailTable, framed
from botmeter.web.notifications.scheduled_content import ScheduledContent, content_of, reader_rights, withdrawal
from botmeter.web.notifications.scheduled_files import FileTooLarge, report_file
from botmeter.web.notifications.scheduled_statement import rendered_statement
from botmeter.web.pages.report.contexts import WidgetContext, cached_overview
from botmeter.web.pages.report.filtered_page import FilteredPage
from botmeter.web.pages.report.headline import Headline, Kpi, headline
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.pages.report.trend import trend_widget
from botmeter.web.pages.report.widgets import member_access
from botmeter.web.pages.sharing.saved_address import filters_text
from botmeter.web.question import report_question

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

PICTURE_PX: Final = 524
BOTS_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """A report as its recipient gets it.

    Attributes:
        part: Filters in words; empty for everything.
        note: A sentence about a file that is missing; empty for none.
    """

    account: str
    name: str
    days: str
    part: str
    headline: Headline
    session_count: int
    bots: tuple[tuple[str, ...], ...]
    picture: bytes
    picture_text: str
    href: str
    file: Attachment | None = None
    note: str = ""


def rendered_report(notification: Notification, context: RenderContext) -> Rendered:
    """Render a scheduled report or statement."""
    content, channel = content_of(notification), Channel(notification.channel)
    if content.statement:
        return rendered_statement(notification, content, ledgers=context.ledgers)
    rights = reader_rights(notification, content)
    if reason := withdrawal(notification, content, is_allowed=Right.SEE_REPORTS in rights):
        return Withdrawn(reason=reason)
    with context.ledgers.reading(notification.account) as ledger:
        facts = _facts(ledger, content, channel=channel, may_export=Right.EXPORT in rights)
    if facts is None or (content.skips_empty and not facts.session_count):
        return Withdrawn(reason="Nothing was sent: there were no sessions.")
    return _in_form(notification, content, facts=facts)


def _facts(
    ledger: "ReadableLedger", content: ScheduledContent, *, channel: Channel, may_export: bool
) -> ReportFacts | None:
    address = content.address
    if address is None:
        return None
    question, urls = report_question(ledger, address, zone=content.timezone), ReportUrls(owner=ledger.account.name)
    answer = cached_overview(ledger, question)
    widgets = WidgetContext(
        ledger=ledger,
        overview=answer,
        question=question if answer.compared is not None else replace(question, compared=None),
        urls=urls,
        access=member_access(),
        here=FilteredPage(urls=urls),
    )
    trend, session_count = trend_widget(widgets), answer.report.sessions_consumed
    days = text.days_text(Period(first_on=content.first_on, last_on=content.last_on, timezone=content.timezone))
    facts = ReportFacts(
        account=ledger.account.title,
        name=content.name,
        days=days if content.timezone == "UTC" else f"{days} ({content.timezone})",
        part=filters_text(address),
        headline=headline(widgets),
        session_count=session_count,
        bots=_bots(widgets),
        picture=chart_png(trend.chart.drawings[WIDTHS.index(PICTURE_PX)]),
        picture_text=f"Chart: {text.counted(session_count, 'session')} by {trend.head.lower()}, {days}.",
        href=address_in_message(urls.report(address)),
    )
    if not content.file_format or channel not in (Channel.EMAIL, Channel.FOLDER):
        return facts
    if not may_export:
        return replace(facts, note="No file is attached, because you may not export data of this account.")
    form = FileFormat(content.file_format)
    try:
        file = report_file(ledger, question.query, file_format=form, channel=channel, session_count=session_count)
    except FileTooLarge as problem:
        return replace(facts, note=f"{problem} Open the report to export it.")
    return replace(facts, file=file)


def _bots(widgets: WidgetContext) -> tuple[tuple[str, ...], ...]:
    report = widgets.report
    bots = sorted(report.by_bot, key=lambda bot: (-bot.session_count, bot.bot_name or ""))
    return tuple(
        (
            bot.bot_name or "No bot (agents only)",
            text.count_text(bot.session_count),
            text.share_text(bot.session_count, whole=report.sessions_consumed),
        )
        for bot in bots[:BOTS_MAX]
        if bot.session_count
    )


def _in_form(notification: Notification, content: ScheduledContent, *, facts: ReportFacts) -> Rendered:
    match Channel(notification.channel):
        case Channel.EMAIL:
            return framed(_page(notification, content, facts=facts))
        case Channel.WEBHOOK:
            return WebhookCall(
                type="report.scheduled",
                timestamp=notification.created_at,
                data=event_data(_event(notification, content, facts=facts)),
            )
        case Channel.CHAT:
            return chat_of(_page(notification, content, facts=facts))
        case Channel.FOLDER:
            picture = Attachment(name=f"{_file_name(content)}.png", content=facts.picture, media_type="image/png")
            return FolderFiles(files=(picture, *([facts.file] if facts.file else [])))


def _page(notification: Notification, content: ScheduledContent, *, facts: ReportFacts) -> MailPage:
    part = f"Only {facts.part}." if facts.part else ""
    overlap = "A session that touched several bots counts under each." if len(facts.bots) > 1 else ""
    return MailPage(
        subject=f"{'Sample: ' if content.is_sample else ''}{facts.name}, {facts.days}",
        title=facts.name,
        account=facts.account,
        sentences=tuple(filter(None, (_sentence(facts), part, facts.note))),
        figures=tuple(_figure(each) for each in (facts.headline.sessions, *facts.headline.others[:2])),
        image=MailImage(png=facts.picture, alt=facts.picture_text) if facts.session_count else None,
        table=MailTable(title="Top bots", head=("Bot", "Sessions", "Share"), rows=facts.bots, note=overlap)
        if facts.bots
        else None,
        link=MailLink(label="Open the report", href=facts.href),
        reason=notification.cause,
        attachments=() if facts.file is None else (facts.file,),
    )


def _figure(kpi: Kpi) -> MailFigure:
    return MailFigure(label=kpi.label, value=kpi.value, detail=" ".join(filter(None, (kpi.change, kpi.before))))


def _sentence(facts: ReportFacts) -> str:
    kpi = facts.headline.sessions
    change = " ".join(filter(None, (kpi.change, kpi.before)))
    change = f", {change[:1].lower()}{change[1:]}" if change else ""
    return f"{facts.days}: {text.counted(facts.session_count, 'session')} consumed{change}."


def _event(notification: Notification, content: ScheduledContent, *, facts: ReportFacts) -> ReportScheduled:
    return ReportScheduled(
        account=notification.account,
        schedule=content.name,
        first=content.first_on.isoformat(),
        last=content.last_on.isoformat(),
        timezone=content.timezone,
        filters={name: list(values) for name, values in content.filters.items()},
        sessions_consumed=facts.session_count,
        is_sample=content.is_sample,
        url=facts.href,
    )


def _file_name(content: ScheduledContent) -> str:
    return f"sessions_{content.first_on}_{content.last_on}_{content.timezone.replace('/', '-')}"
