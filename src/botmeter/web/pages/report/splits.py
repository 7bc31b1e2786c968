"""The splits: by bot, by channel, by type of ticket; each a ranked table with the rows behind every bar."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from botmeter.reports.overview import Overview
from botmeter.web import text
from botmeter.web.address import ReportAddress, Split
from botmeter.web.asking import Question
from botmeter.web.pages.report.filter_bar import before_label
from botmeter.web.pages.report.places import Places
from botmeter.web.pages.report.ranking import Counted, ranked
from botmeter.web.parts import Link, Opener, RankedLine, Tools

if TYPE_CHECKING:
    from collections.abc import Sequence

    from botmeter.reports.versions import VersionUsage

# More would make the page long; the widget by itself shows all.
SHOWN_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What has to be said below a split; the number leads to its rows."""

    number: str
    href: str
    rest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitWidget:
    """A ranked table."""

    name: str
    title: str
    tools: Tools
    columns: tuple[str, str, str]
    before_label: str
    lines: tuple[RankedLine, ...]
    segments: tuple[Link, ...] = ()
    note: Note | None = None
    more: Link | None = None


def bot_split(
    overview: Overview,
    question: Question,
    *,
    places: Places,
    versions: "Sequence[VersionUsage]" = (),
    is_whole: bool = False,
) -> SplitWidget:
    """Sessions by bot.

    Args:
        versions: Of the bots that are opened in the address.
        is_whole: All bots rather than the first ten.
    """
    report, address = overview.report, question.address
    before = {} if overview.compared is None else {bot.bot_id: bot for bot in overview.compared.by_bot}
    counted: list[Counted] = []
    for bot in _by_count(report.by_bot, address)[: None if is_whole else SHOWN_MAX]:
        then = before.get(bot.bot_id)
        is_open = bot.bot_id is not None and bot.bot_id in address.opened
        counted.append(
            Counted(
                name=bot.bot_name or "No bot (agents alone)",
                href=_bot_rows(places, address, bot.bot_id),
                count=_count(bot, address),
                before_count=None if then is None else _count(then, address),
                opener=_opener(bot.bot_id, bot.bot_name, places=places, address=address),
            )
        )
        if is_open:
            counted += [_version(one, places=places, address=address) for one in versions if one.bot_id == bot.bot_id]
    return SplitWidget(
        name="bot-consumption",
        title="Bot-based session consumption volume",
        tools=_tools("bot-consumption", places, address),
        columns=("Bot", "Sessions", "Share"),
        before_label=_before_label(overview, question),
        lines=ranked(counted, whole=report.sessions_consumed),
        segments=_segments(places, address),
        note=_overlap_note("bots", report.bot_overlap, overview, question, places=places),
        more=_more("bot-consumption", len(report.by_bot), "bots", places=places, address=address, is_whole=is_whole),
    )


def channel_split(overview: Overview, question: Question, *, places: Places, is_whole: bool = False) -> SplitWidget:
    """Sessions by channel."""
    report, address = overview.report, question.address
    before = {} if overview.compared is None else {one.channel: one for one in overview.compared.by_channel}
    counted = [
        Counted(
            name=one.channel,
            href=_channel_rows(places, address, one.channel),
            count=_count(one, address),
            before_count=_count(before[one.channel], address) if one.channel in before else None,
        )
        for one in _by_count(report.by_channel, address)[: None if is_whole else SHOWN_MAX]
    ]
    return SplitWidget(
        name="channel-consumption",
        title="Channel-based session consumption volume",
        tools=_tools("channel-consumption", places, address),
        columns=("Channel", "Sessions", "Share"),
        before_label=_before_label(overview, question),
        lines=ranked(counted, whole=report.sessions_consumed),
        note=_overlap_note("channels", report.channel_overlap, overview, question, places=places),
        more=_more(
            "channel-consumption", len(report.by_channel), "channels", places=places, address=address, is_whole=is_whole
        ),
    )


def ticket_split(overview: Overview, question: Question, *, places: Places, is_whole: bool = False) -> SplitWidget:
    """Tickets by type: what customers come for."""
    report, address = overview.report, question.address
    before = {}
    if overview.compared is not None:
        before = {one.ticket_type: one.ticket_count for one in overview.compared.by_ticket_type}
    counted = [
        Counted(
            name=one.ticket_type,
            href=places.rows(address.only("ticket_type", one.ticket_type)),
            count=one.ticket_count,
            before_count=before.get(one.ticket_type),
        )
        for one in report.by_ticket_type[: None if is_whole else SHOWN_MAX]
    ]
    return SplitWidget(
        name="tickets-by-type",
        title="Tickets by type",
        tools=_tools("tickets-by-type", places, address),
        columns=("Type", "Tickets", "Share"),
        before_label=_before_label(overview, question),
        lines=ranked(counted, whole=report.ticket_count),
        more=_more(
            "tickets-by-type", len(report.by_ticket_type), "types", places=places, address=address, is_whole=is_whole
        ),
    )


class _Usage(Protocol):
    """Whatever took part in sessions and opened some."""

    @property
    def session_count(self) -> int: ...
    @property
    def opened_count(self) -> int: ...


_Used = TypeVar("_Used", bound=_Usage)


def _by_count(usages: "Sequence[_Used]", address: ReportAddress) -> "list[_Used]":
    return sorted((one for one in usages if _count(one, address)), key=lambda one: -_count(one, address))


def _count(usage: _Usage, address: ReportAddress) -> int:
    return usage.opened_count if address.split is Split.OPENED else usage.session_count


def _bot_rows(places: Places, address: ReportAddress, bot_id: str | None) -> str:
    if bot_id is None:
        return ""
    if address.split is Split.OPENED:
        return places.rows(address.only("opened_by", bot_id))
    return places.rows(address.only("bot", bot_id))


def _channel_rows(places: Places, address: ReportAddress, channel: str) -> str:
    if address.split is Split.OPENED:
        return places.rows(address.only("opened_on", channel))
    return places.rows(address.only("channel", channel))


def _version(version: "VersionUsage", *, places: Places, address: ReportAddress) -> Counted:
    href = ""
    if version.bot_version is not None and address.split is Split.TOOK_PART:
        href = places.rows(address.only("bot", version.bot_id).only("bot_version", version.bot_version))
    return Counted(name=version.bot_version or "no version", href=href, count=_count(version, address), is_nested=True)


def _opener(bot_id: str | None, name: str | None, *, places: Places, address: ReportAddress) -> Opener | None:
    if bot_id is None:
        return None
    return Opener(
        name=f"Versions of {name}",
        href=places.report(address.toggled_bot(bot_id)) + "#w-bot-consumption",
        is_open=bot_id in address.opened,
    )


def _segments(places: Places, address: ReportAddress) -> tuple[Link, ...]:
    return tuple(
        Link(label=label, href=places.report(address.split_by(split)), is_current=address.split is split)
        for label, split in (("Took part", Split.TOOK_PART), ("Opened", Split.OPENED))
    )


def _tools(name: str, places: Places, address: ReportAddress) -> Tools:
    return Tools(rows_href=places.rows(address), expand_href=places.widget(name, address))


def _before_label(overview: Overview, question: Question) -> str:
    return "" if overview.compared is None else before_label(question)


def _overlap_note(what: str, overlap: int, overview: Overview, question: Question, *, places: Places) -> Note | None:
    whole = overview.report.sessions_consumed
    if question.address.split is Split.OPENED:
        return Note(
            number="",
            href="",
            rest=f"Each session counts once, under what opened it, so the {what} add up to the total.",
        )
    if overlap <= 0 or not whole:
        return None
    return Note(
        number=text.counted(overlap, "session"),
        href=places.report(question.address.split_by(Split.OPENED)),
        rest=f"more than the total ({text.share_text(overlap, whole=whole)}): "
        f"a session that touched several {what} counts once under each.",
    )


def _more(name: str, count: int, what: str, *, places: Places, address: ReportAddress, is_whole: bool) -> Link | None:
    if is_whole or count <= SHOWN_MAX:
        return None
    return Link(label=f"All {count} {what}", href=places.widget(name, address))
