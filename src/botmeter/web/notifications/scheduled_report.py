"""Scheduled reports as emails, webhook calls, chat messages and files."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from botmeter.charts.picture import DARK, chart_png
from botmeter.charts.plane import WIDTHS
from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.domain.instant import us_from_datetime
from botmeter.domain.period import Period
from botmeter.pdf.document import Named
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
from botmeter.web.notifications.report_pdf import ReportTitle, report_document
from botmeter.web.notifications.scheduled_content import (
    ScheduledContent,
    content_of,
    reader_rights,
    reason_without_file,
    schedules_link,
    withdrawal,
)
from botmeter.web.notifications.scheduled_files import WITH_FILES, FileTooLarge, report_file, report_pdf
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

PICTURE_PX: Final = 412
"""Narrow, since a telephone shows it at 288: labels are still read there."""
BOTS_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """Report as its recipient gets it.

    Attributes:
        part: Filters in words; empty for everything.
        note: On a missing file; empty for none.
    """

    account: str
    name: str
    days: str
    part: str
    headline: Headline
    session_count: int
    bots: tuple[tuple[str, ...], ...]
    chart: MailImage | None
    href: str
    file: Attachment | None = None
    note: str = ""


def rendered_report(notification: Notification, context: RenderContext) -> Rendered:
    """Render a report or statement."""
    content = content_of(notification)
    if content.statement:
        return rendered_statement(notification, content, ledgers=context.ledgers)
    rights = reader_rights(notification, content)
    if reason := withdrawal(notification, content, is_allowed=Right.SEE_REPORTS in rights):
        return Withdrawn(reason=reason)
    with context.ledgers.reading(notification.account) as ledger:
        facts = _facts(ledger, notification, content=content, without_file=reason_without_file(notification, rights))
    if facts is None or (content.skips_empty and not facts.session_count):
        return Withdrawn(reason="Nothing was sent: there were no sessions.")
    return _in_form(notification, content, facts=facts)


def _facts(
    ledger: "ReadableLedger", notification: Notification, *, content: ScheduledContent, without_file: str
) -> ReportFacts | None:
    address, channel = content.address, Channel(notification.channel)
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
    days = text.days_text(Period(first_on=content.first_on, last_on=content.last_on, timezone=content.timezone))
    facts = ReportFacts(
        account=ledger.account.title,
        name=content.name,
        days=days if content.timezone == "UTC" else f"{days} ({content.timezone})",
        part=filters_text(address),
        headline=headline(widgets),
        session_count=answer.report.sessions_consumed,
        bots=_bots(widgets),
        chart=_chart(widgets, days=days) if channel in WITH_FILES else None,
        href=address_in_message(urls.report(address)),
    )
    if not content.file_format or channel not in WITH_FILES:
        return facts
    if without_file:
        return replace(facts, note=without_file)
    return _with_file(facts, notification, widgets=widgets, file_format=FileFormat(content.file_format))


def _with_file(
    facts: ReportFacts, notification: Notification, *, widgets: WidgetContext, file_format: FileFormat
) -> ReportFacts:
    query, ledger = widgets.question.query, widgets.ledger
    try:
        if file_format is FileFormat.PDF:
            title = ReportTitle(
                name=facts.name,
                account=Named(name=facts.account, id=ledger.account.name),
                days=facts.days,
                filters=facts.part,
                made_at_us=us_from_datetime(notification.created_at),
            )
            return replace(facts, file=report_pdf(report_document(widgets, facts.headline, title=title), query))
        file = report_file(
            ledger,
            query,
            file_format=file_format,
            channel=Channel(notification.channel),
            session_count=facts.session_count,
        )
    except FileTooLarge as problem:
        return replace(facts, note=f"{problem} Open the report to export it.")
    except Refused as problem:
        return replace(facts, note=f"No file is attached. {problem.message}")
    return replace(facts, file=file)


def _chart(widgets: WidgetContext, *, days: str) -> MailImage:
    trend, count = trend_widget(widgets), widgets.report.sessions_consumed
    drawing, unit = trend.chart.drawings[WIDTHS.index(PICTURE_PX)], trend.head.lower()
    return MailImage(
        png=chart_png(drawing),
        dark_png=chart_png(drawing, colours=DARK),
        alt=f"Chart: {text.counted(count, 'session')} by {unit}, {days}.",
        # The dashed line has the second days.
        caption=f"Sessions by {unit}, {', dashed: '.join(key.label for key in trend.keys)}",
    )


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
            return FolderFiles(files=tuple(_files(content, facts)))


def _page(notification: Notification, content: ScheduledContent, *, facts: ReportFacts) -> MailPage:
    part = f"Only {facts.part}." if facts.part else ""
    overlap = "A session that touched several bots counts under each." if len(facts.bots) > 1 else ""
    return MailPage(
        subject=f"{'Sample: ' if content.is_sample else ''}{facts.name}, {facts.days}",
        title=facts.name,
        account=facts.account,
        sentences=tuple(filter(None, (_sentence(facts), part, facts.note))),
        figures=tuple(_figure(each) for each in (facts.headline.sessions, *facts.headline.others[:2])),
        image=facts.chart if facts.session_count else None,
        table=MailTable(title="Top bots", head=("Bot", "Sessions", "Share"), rows=facts.bots, note=overlap)
        if facts.bots
        else None,
        link=MailLink(label="Open the report", href=facts.href),
        reason=notification.cause,
        settings=schedules_link(notification),
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


def _files(content: ScheduledContent, facts: ReportFacts) -> Iterator[Attachment]:
    name = f"sessions_{content.first_on}_{content.last_on}_{content.timezone.replace('/', '-')}"
    if facts.chart is not None:
        yield Attachment(name=f"{name}.png", content=facts.chart.png, media_type="image/png")
    if facts.file is not None:
        yield facts.file
