"""Ranked tables by bot, channel, ticket type and cost centre, linked to their rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from botmeter.domain import text
from botmeter.reports.cost_centres import cost_centre_names, cost_centre_usage
from botmeter.reports.query import UsageQuery
from botmeter.reports.report_json import ReportBot, ReportChannel
from botmeter.reports.row_options import Grain
from botmeter.reports.versions import VersionUsage, versions
from botmeter.web.components import Link, Opener, RankedLine, bar_width
from botmeter.web.pages.report.comparison_menu import before_label
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.pages.report.report_access import Fact
from botmeter.web.report_address import Split

# The widget's own page shows the others.
LINES_MAX: Final = 10
_Usage = TypeVar("_Usage", ReportBot, ReportChannel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Remark below a ranked table; its link, if any, leads to the split by opener."""

    sentence: str
    action: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitWidget:
    """Ranked table; `more` names the lines of the widget's own page."""

    columns: tuple[str, str, str]
    lines: tuple[RankedLine, ...]
    before_label: str = ""
    segments: tuple[Link, ...] = ()
    note: Note | None = None
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    name: str
    href: str
    count: int
    before_count: int | None = None
    is_nested: bool = False
    opener: Opener | None = None


def bot_split(context: WidgetContext) -> SplitWidget:
    """Count sessions by bot, and by version of expanded bots."""
    report, address = context.report, context.address
    compared = [] if context.comparable is None else context.comparable.by_bot
    before = {bot.bot_id: _count(bot, context) for bot in compared}
    bots = _most_first(report.by_bot, context)
    expanded = versions(context.ledger, context.question.query) if address.opened else ()
    entries: list[_Entry] = []
    for bot in bots[: _limit(context)]:
        entries.append(
            _Entry(
                name=bot.bot_name or "No bot (agents only)",
                href="" if bot.bot_id is None else _rows(context, bot.bot_id, part="bot", opener="opened_by"),
                count=_count(bot, context),
                before_count=before.get(bot.bot_id),
                opener=None if bot.bot_id is None else _opener(context, bot.bot_id, name=bot.bot_name),
            )
        )
        if bot.bot_id in address.opened:
            own = [one for one in expanded if one.bot_id == bot.bot_id and _count(one, context)]
            entries += [_version(one, context) for one in own]
    return SplitWidget(
        columns=("Bot", "Sessions", "Share"),
        lines=_ranked(entries, whole=report.sessions_consumed),
        before_label=_before_label(context),
        segments=_segments(context) if context.access.allows(Fact.OPENERS) else (),
        note=_overlap_note(context, "bots", overlap=report.bot_overlap),
        more=_more(context, "bots", count=len(bots)),
    )


def channel_split(context: WidgetContext) -> SplitWidget:
    """Count sessions by channel."""
    report = context.report
    compared = [] if context.comparable is None else context.comparable.by_channel
    before = {one.channel: _count(one, context) for one in compared}
    channels = _most_first(report.by_channel, context)
    entries = [
        _Entry(
            name=one.channel,
            href=_rows(context, one.channel, part="channel", opener="opened_on"),
            count=_count(one, context),
            before_count=before.get(one.channel),
        )
        for one in channels[: _limit(context)]
    ]
    return SplitWidget(
        columns=("Channel", "Sessions", "Share"),
        lines=_ranked(entries, whole=report.sessions_consumed),
        before_label=_before_label(context),
        note=_overlap_note(context, "channels", overlap=report.channel_overlap),
        more=_more(context, "channels", count=len(channels)),
    )


def ticket_split(context: WidgetContext) -> SplitWidget:
    """Count tickets by type."""
    report = context.report
    compared = [] if context.comparable is None else context.comparable.by_ticket_type
    before = {one.ticket_type: one.ticket_count for one in compared}
    entries = [
        _Entry(
            name=one.ticket_type,
            href=context.urls.rows(context.address.only("ticket_type", one.ticket_type), grain=Grain.TICKET),
            count=one.ticket_count,
            before_count=before.get(one.ticket_type),
        )
        for one in report.by_ticket_type[: _limit(context)]
    ]
    return SplitWidget(
        columns=("Type", "Tickets", "Share"),
        lines=_ranked(entries, whole=report.ticket_count),
        before_label=_before_label(context),
        more=_more(context, "types", count=len(report.by_ticket_type)),
    )


def cost_centre_split(context: WidgetContext) -> SplitWidget:
    """Count sessions by the cost centre of what opened them."""
    question, names = context.question, cost_centre_names(context.ledger)
    compared = question.compared if context.comparable is not None else None
    before = {} if compared is None else dict(_by_cost_centre(context, compared))
    usages = _by_cost_centre(context, question.query)
    entries = [
        _Entry(
            name=name or "No cost centre",
            href=context.urls.rows(
                context.address.only("cost_centre", name) if name else context.address.excluding("cost_centre", *names)
            ),
            count=count,
            before_count=before.get(name),
        )
        for name, count in usages[: _limit(context)]
    ]
    return SplitWidget(
        columns=("Cost centre", "Sessions", "Share"),
        lines=_ranked(entries, whole=context.report.sessions_consumed),
        before_label=_before_label(context),
        note=Note(
            sentence="Each session counts once, under the cost centre of its opening bot, else of its opening channel, "
            "so the cost centres add up to the total."
        ),
        more=_more(context, "cost centres", count=len(usages)),
    )


def _by_cost_centre(context: WidgetContext, query: UsageQuery) -> list[tuple[str, int]]:
    return [(one.cost_centre, one.session_count) for one in cost_centre_usage(context.ledger, query)]


def _ranked(entries: list[_Entry], *, whole: int) -> tuple[RankedLine, ...]:
    longest = max((max(one.count, one.before_count or 0) for one in entries), default=0)
    return tuple(
        RankedLine(
            name=one.name,
            href=one.href,
            number=one.count,
            value=text.count_text(one.count),
            width=bar_width(one.count, longest=longest),
            before=bar_width(one.before_count, longest=longest) if one.before_count else None,
            share=text.share_text(one.count, whole=whole),
            is_nested=one.is_nested,
            opener=one.opener,
        )
        for one in entries
    )


def _limit(context: WidgetContext) -> int | None:
    return None if context.is_whole else LINES_MAX


def _before_label(context: WidgetContext) -> str:
    return "" if context.comparable is None else before_label(context.question)


def _most_first(usages: Sequence[_Usage], context: WidgetContext) -> list[_Usage]:
    used = [usage for usage in usages if _count(usage, context)]
    return sorted(used, key=lambda usage: -_count(usage, context))


def _count(usage: ReportBot | ReportChannel | VersionUsage, context: WidgetContext) -> int:
    return usage.opened_count if context.address.split is Split.OPENED else usage.session_count


def _rows(context: WidgetContext, value: str, *, part: str, opener: str) -> str:
    name = opener if context.address.split is Split.OPENED else part
    return context.urls.rows(context.address.only(name, value))


def _version(version: VersionUsage, context: WidgetContext) -> _Entry:
    href = version_rows(context, version) if context.address.split is Split.TOOK_PART else ""
    return _Entry(name=version.bot_version or "no version", href=href, count=_count(version, context), is_nested=True)


def version_rows(context: WidgetContext, version: VersionUsage) -> str:
    """URL of a version's rows; of a bot's rows without a version, too."""
    own = context.address.only("bot", version.bot_id)
    return context.urls.rows(own.only("bot_version", f"{version.bot_id}/{version.bot_version or ''}"))


def _opener(context: WidgetContext, bot_id: str, *, name: str | None) -> Opener:
    address = context.address
    return Opener(
        name=f"Versions of {name}",
        href=context.here.href(address.toggled_bot(bot_id)) + "#w-bot-consumption",
        is_open=bot_id in address.opened,
    )


def _segments(context: WidgetContext) -> tuple[Link, ...]:
    address = context.address
    return tuple(
        Link(label=label, href=context.here.href(address.split_by(split)), is_current=address.split is split)
        for label, split in (("Every bot", Split.TOOK_PART), ("Opening bot", Split.OPENED))
    )


def _overlap_note(context: WidgetContext, plural: str, *, overlap: int) -> Note | None:
    whole = context.report.sessions_consumed
    if context.address.split is Split.OPENED:
        return Note(
            sentence=f"Each session counts once, under its opening {plural[:-1]}, so the {plural} add up to the total."
        )
    if overlap <= 0 or not whole:
        return None
    may_split = context.access.allows(Fact.OPENERS)
    return Note(
        sentence=f"A session with several {plural} counts once under each, so the {plural} add up to "
        f"{text.count_text(overlap)} ({text.share_text(overlap, whole=whole)}) more than the total.",
        action="Count each session once" if may_split else "",
        href=context.here.href(context.address.split_by(Split.OPENED)) if may_split else "",
    )


def _more(context: WidgetContext, plural: str, *, count: int) -> str:
    return "" if context.is_whole or count <= LINES_MAX else f"All {count} {plural}"
