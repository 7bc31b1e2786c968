"""Ranked tables by bot, channel and ticket type, linked to their rows."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from botmeter.domain import text
from botmeter.reports.versions import versions
from botmeter.web.components import Link, Opener, RankedLine, Tools
from botmeter.web.pages.report.answered import Answered
from botmeter.web.pages.report.filter_bar import before_label
from botmeter.web.pages.report.ranking import Counted, ranked
from botmeter.web.pages.report.report_access import Fact
from botmeter.web.report_query import ReportAddress, Split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from botmeter.reports.versions import VersionUsage

# The widget's own page shows the rest.
SHOWN_MAX = 10
_NO_TOOLS: Final = Tools()


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A remark below a ranked table, linked to its rows."""

    number: str
    href: str
    rest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitWidget:
    """A ranked table."""

    columns: tuple[str, str, str]
    lines: tuple[RankedLine, ...]
    tools: Tools = _NO_TOOLS
    before_label: str = ""
    segments: tuple[Link, ...] = ()
    note: Note | None = None
    more: Link | None = None


def bot_split(answered: Answered) -> SplitWidget:
    """Count sessions by bot, and by version of expanded bots."""
    report, address = answered.report, answered.address
    before = {} if answered.compared is None else {bot.bot_id: bot for bot in answered.compared.by_bot}
    shown = _by_count(report.by_bot, address)
    expanded = versions(answered.ledger, answered.question.query) if address.opened and not answered.is_whole else ()
    counted: list[Counted] = []
    for bot in shown[: _shown_max(answered)]:
        then = before.get(bot.bot_id)
        counted.append(
            Counted(
                name=bot.bot_name or "No bot (agents only)",
                href=_bot_rows(answered, bot.bot_id),
                count=_count(bot, address),
                before_count=None if then is None else _count(then, address),
                opener=None if bot.bot_id is None else _opener(answered, bot.bot_id, name=bot.bot_name),
            )
        )
        if bot.bot_id in address.opened:
            counted += [_version(one, answered) for one in expanded if one.bot_id == bot.bot_id]
    return _widget(
        SplitWidget(
            columns=("Bot", "Sessions", "Share"),
            lines=ranked(counted, whole=report.sessions_consumed),
            segments=_segments(answered) if answered.access.allows(Fact.OPENERS) else (),
            note=_overlap_note(answered, "bots", overlap=report.bot_overlap),
            more=_more(answered, "bots", count=len(shown)),
        ),
        answered,
        name="bot-consumption",
    )


def channel_split(answered: Answered) -> SplitWidget:
    """Count sessions by channel."""
    report, address = answered.report, answered.address
    before = {} if answered.compared is None else {one.channel: one for one in answered.compared.by_channel}
    shown = _by_count(report.by_channel, address)
    counted = [
        Counted(
            name=one.channel,
            href=_channel_rows(answered, one.channel),
            count=_count(one, address),
            before_count=_count(before[one.channel], address) if one.channel in before else None,
        )
        for one in shown[: _shown_max(answered)]
    ]
    return _widget(
        SplitWidget(
            columns=("Channel", "Sessions", "Share"),
            lines=ranked(counted, whole=report.sessions_consumed),
            note=_overlap_note(answered, "channels", overlap=report.channel_overlap),
            more=_more(answered, "channels", count=len(shown)),
        ),
        answered,
        name="channel-consumption",
    )


def ticket_split(answered: Answered) -> SplitWidget:
    """Count tickets by type."""
    report = answered.report
    before = {}
    if answered.compared is not None:
        before = {one.ticket_type: one.ticket_count for one in answered.compared.by_ticket_type}
    counted = [
        Counted(
            name=one.ticket_type,
            href=answered.urls.rows(answered.address.only("ticket_type", one.ticket_type)),
            count=one.ticket_count,
            before_count=before.get(one.ticket_type),
        )
        for one in report.by_ticket_type[: _shown_max(answered)]
    ]
    return _widget(
        SplitWidget(
            columns=("Type", "Tickets", "Share"),
            lines=ranked(counted, whole=report.ticket_count),
            more=_more(answered, "types", count=len(report.by_ticket_type)),
        ),
        answered,
        name="tickets-by-type",
    )


_NAME_OF: Final = {"bots": "bot-consumption", "channels": "channel-consumption", "types": "tickets-by-type"}


def _shown_max(answered: Answered) -> int | None:
    return None if answered.is_whole else SHOWN_MAX


def _widget(widget: SplitWidget, answered: Answered, *, name: str) -> SplitWidget:
    urls, address = answered.urls, answered.address
    tools = Tools(rows_href=urls.rows(address), expand_href=urls.widget(name, address))
    label = "" if answered.compared is None else before_label(answered.question)
    return replace(widget, tools=tools, before_label=label)


class _Usage(Protocol):
    @property
    def session_count(self) -> int: ...
    @property
    def opened_count(self) -> int: ...


_Used = TypeVar("_Used", bound=_Usage)


def _by_count(usages: "Sequence[_Used]", address: ReportAddress) -> "list[_Used]":
    return sorted((one for one in usages if _count(one, address)), key=lambda one: -_count(one, address))


def _count(usage: _Usage, address: ReportAddress) -> int:
    return usage.opened_count if address.split is Split.OPENED else usage.session_count


def _bot_rows(answered: Answered, bot_id: str | None) -> str:
    urls, address = answered.urls, answered.address
    if bot_id is None:
        return ""
    if address.split is Split.OPENED:
        return urls.rows(address.only("opened_by", bot_id))
    return urls.rows(address.only("bot", bot_id))


def _channel_rows(answered: Answered, channel: str) -> str:
    urls, address = answered.urls, answered.address
    if address.split is Split.OPENED:
        return urls.rows(address.only("opened_on", channel))
    return urls.rows(address.only("channel", channel))


def _version(version: "VersionUsage", answered: Answered) -> Counted:
    address, href = answered.address, ""
    if version.bot_version is not None and address.split is Split.TOOK_PART:
        own = address.only("bot", version.bot_id).only("bot_version", version.bot_version)
        href = answered.urls.rows(own)
    return Counted(name=version.bot_version or "no version", href=href, count=_count(version, address), is_nested=True)


def _opener(answered: Answered, bot_id: str, *, name: str | None) -> Opener:
    address = answered.address
    return Opener(
        name=f"Versions of {name}",
        href=answered.urls.report(address.toggled_bot(bot_id)) + "#w-bot-consumption",
        is_open=bot_id in address.opened,
    )


def _segments(answered: Answered) -> tuple[Link, ...]:
    address = answered.address
    return tuple(
        Link(label=label, href=answered.urls.report(address.split_by(split)), is_current=address.split is split)
        for label, split in (("Took part", Split.TOOK_PART), ("Opened", Split.OPENED))
    )


def _overlap_note(answered: Answered, what: str, *, overlap: int) -> Note | None:
    whole = answered.report.sessions_consumed
    if answered.address.split is Split.OPENED:
        rest = f"Each session counts once, for the one that opened it, so the {what} add up to the total."
        return Note(number="", href="", rest=rest)
    if overlap <= 0 or not whole:
        return None
    return Note(
        number=text.counted(overlap, "session"),
        href=answered.urls.report(answered.address.split_by(Split.OPENED))
        if answered.access.allows(Fact.OPENERS)
        else "",
        rest=f"more than the total ({text.share_text(overlap, whole=whole)}): "
        f"a session with several {what} counts once for each.",
    )


def _more(answered: Answered, what: str, *, count: int) -> Link | None:
    if answered.is_whole or count <= SHOWN_MAX:
        return None
    return Link(label=f"All {count} {what}", href=answered.urls.widget(_NAME_OF[what], answered.address))
