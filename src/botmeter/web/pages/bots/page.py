"""My Bots."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.display_name import DISPLAY_NAME_CHARACTERS_MAX
from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us as present_us
from botmeter.ledger.settings import BotName, NamedBot, named_bots, set_bot_name
from botmeter.people.audit import Action, record
from botmeter.people.rights import Right
from botmeter.reports.bots import bots
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Cell, count_cell
from botmeter.web.layout import Frame, frame
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.rich_text import id_word, name_word

if TYPE_CHECKING:
    from botmeter.reports.bots import BotOverview, BotVersionOverview


@dataclass(frozen=True, slots=True, kw_only=True)
class BotLine:
    """Bot; `set_name` is its display name, `sent_name` that from events, else the ID."""

    bot_id: str
    anchor: str
    cells: tuple[Cell, ...]
    versions: tuple[tuple[Cell, ...], ...]
    version_count: str
    set_name: str
    sent_name: str
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BotsPage:
    """Bots of an account."""

    frame: Frame
    bots: tuple[BotLine, ...]
    zone: str
    name_characters_max: int
    may_name: bool
    action: str
    cost_centres_href: str
    start_href: str


@for_member(Right.SEE_REPORTS, posts=Right.NAME_BOTS)
def bots_page(visit: Visit) -> HttpResponse:
    """List the bots; set a display name on POST."""
    if visit.request.method == "POST":
        return _set_name(visit)
    return _page(visit, expanded=visit.request.GET.get("bot"))


def _set_name(visit: Visit) -> HttpResponse:
    sent = visit.request.POST
    bot_id, name = sent.get("bot", ""), sent.get("name", "").strip()
    try:
        bot_name = BotName(bot_id=bot_id, name=name)
    except Refused as error:
        add_notice(visit.request, Notice(fact=error.message, kind="bad"))
        return _page(visit, expanded=bot_id, status=400)
    with visit.writing() as ledger:
        set_bot_name(ledger, bot_name, by=visit.user.email, now_us=present_us())
    record(Action.BOT_NAMED, request=visit.request, user=visit.user, account=visit.account, bot=bot_id, name=name)
    fact = f"Display name of {bot_id} set to {name}." if name else f"{bot_id} uses the name from its events again."
    add_notice(visit.request, Notice(fact=fact, consequence="Reports and exports show it; counts do not depend on it."))
    return HttpResponseRedirect(reverse("bots", args=(visit.account,)))


def _page(visit: Visit, *, expanded: str | None, status: int = 200) -> HttpResponse:
    urls = ReportUrls(owner=visit.account)
    zone = preferred_zone(visit.account)
    with visit.reading() as ledger:
        overviews = bots(ledger, now_us=present_us())
        names = {one.bot_id: one for one in named_bots(ledger)}
    page = BotsPage(
        frame=frame(visit, title="My Bots", current="bots"),
        bots=tuple(
            _line(bot, names[bot.bot_id], urls=urls, zone=zone, anchor=f"bot-{number}", is_open=bot.bot_id == expanded)
            for number, bot in enumerate(overviews, start=1)
        ),
        zone=zone,
        name_characters_max=DISPLAY_NAME_CHARACTERS_MAX,
        may_name=visit.may(Right.NAME_BOTS),
        action=reverse("bots", args=(visit.account,)),
        cost_centres_href=reverse("cost-centres", args=(visit.account,)),
        start_href=reverse("report", args=(visit.account,)),
    )
    return rendered(visit.request, "bots.html", page=page, status=status)


def _line(bot: "BotOverview", named: NamedBot, *, urls: ReportUrls, zone: str, anchor: str, is_open: bool) -> BotLine:
    href = urls.bot(bot.bot_id)
    name, bot_id = name_word(bot.name), id_word(bot.bot_id)
    return BotLine(
        bot_id=bot.bot_id,
        anchor=anchor,
        cells=(
            Cell(value=name.text, title=name.title, href=href, variant="sticky"),
            Cell(value=bot_id.text, title=bot_id.title, variant="id"),
            *_activity(bot, zone=zone),
            count_cell(bot.session_count, href=href if bot.session_count else "", has_number=True),
        ),
        versions=tuple(_version(one, bot.bot_id, urls=urls, zone=zone) for one in bot.versions),
        version_count=text.counted(len(bot.versions), "version"),
        set_name=named.set_name or "",
        sent_name=named.sent_name or bot.bot_id,
        is_open=is_open,
    )


def _version(one: "BotVersionOverview", bot_id: str, *, urls: ReportUrls, zone: str) -> tuple[Cell, ...]:
    href = urls.bot(bot_id, version=one.bot_version) if one.session_count and one.bot_version is not None else ""
    return (
        Cell(value=one.bot_version or "unnamed"),
        *_activity(one, zone=zone),
        count_cell(one.session_count, href=href),
    )


def _activity(one: "BotOverview | BotVersionOverview", *, zone: str) -> tuple[Cell, Cell]:
    first, last = (
        text.instant_text(at_us, zone=zone, seconds=False) for at_us in (one.first_event_us, one.last_event_us)
    )
    return Cell(value=first, variant="num"), Cell(value=last, variant="num")
