"""First steps of an account without events: ways to send them, each with its own address."""

import json
import shlex
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.instant import now_us, text_to_the_second
from botmeter.domain.settings import Settings
from botmeter.ledger.quarantine import quarantine_counts
from botmeter.people.public_address import server_address
from botmeter.people.rights import Right
from botmeter.sources.platforms.registry import connectors
from botmeter.web.access import Visit
from botmeter.web.components import Link
from botmeter.web.layout import Frame
from botmeter.web.pages.report.notices import Notice
from botmeter.web.report_address import choice

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

# Valid as copied.
_EXAMPLE: Final = (
    "event_id,occurred_at,conversation_id,customer_id,actor,bot_id,channel\nm-1,{at},c-1,anna,customer,order-bot,web"
)
_ANSWER: Final = """HTTP/1.1 200 OK
{"accepted": 1, "duplicates": 0, "conflicts": 0, "rejected": 0, "rejections": []}"""


class Way(StrEnum):
    """Way to send events."""

    FILE = "file"
    HTTP = "http"
    PLATFORM = "platform"


_TABS: Final = {
    Way.FILE: ("Import a file", "file"),
    Way.HTTP: ("Send over HTTP", "code"),
    Way.PLATFORM: ("Connect a platform", "source"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformLine:
    """Platform; `href` is empty for those who may not connect it."""

    label: str
    summary: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPage:
    """First steps; an href is empty for those who may not go there."""

    frame: Frame
    tabs: tuple[Link, ...]
    way: Way
    upload_href: str
    example: str
    import_command: str
    report_command: str
    keys_href: str
    key_command: str
    request: str
    answer: str
    platforms: tuple[PlatformLine, ...]
    sample_href: str
    checked_at: str
    quarantine: Notice | None


def start_page(visit: Visit, ledger: "ReadableLedger", *, frame: Frame) -> StartPage:
    """Build the page."""
    now, name, path = now_us(), visit.account, visit.request.path
    way = choice(visit.request.GET, "start", choices=Way) or Way.FILE
    return StartPage(
        frame=frame,
        tabs=tuple(
            Link(label=label, symbol=symbol, href=f"{path}?start={each.value}", is_current=each is way)
            for each, (label, symbol) in _TABS.items()
        ),
        way=way,
        upload_href=_href(visit, "imports", right=Right.IMPORT_FILES),
        example=_EXAMPLE.format(at=text_to_the_second(now)),
        import_command=f"botmeter import events.csv --account {name}{_data_option()}",
        report_command=f"botmeter report --account {name}{_data_option()}",
        keys_href=_href(visit, "keys", right=Right.MANAGE_KEYS),
        key_command="export BOTMETER_KEY=bm_…",
        request=_request(server_address(visit.request), at=text_to_the_second(now)),
        answer=_ANSWER,
        platforms=_platforms(_href(visit, "sources", right=Right.MANAGE_SOURCES)),
        sample_href=_href(visit, "sample-data", right=Right.IMPORT_FILES),
        checked_at=f"{text.clock_text(now, seconds=True)} UTC",
        quarantine=_quarantine(visit, sum(quarantine_counts(ledger).values())),
    )


def _href(visit: Visit, route: str, *, right: Right) -> str:
    return reverse(route, args=(visit.account,)) if visit.may(right) else ""


def _request(server: str, *, at: str) -> str:
    event = {
        "event_id": "m-2",
        "occurred_at": at,
        "conversation_id": "c-1",
        "customer_id": "anna",
        "actor": "customer",
        "bot_id": "order-bot",
        "channel": "web",
    }
    return (
        f'curl {server}/api/v1/events \\\n  -H "Authorization: Bearer $BOTMETER_KEY" \\\n'
        f"  -H \"Content-Type: application/json\" \\\n  -d '{json.dumps(event, indent=2)}'"
    )


def _platforms(sources_href: str) -> tuple[PlatformLine, ...]:
    return tuple(
        PlatformLine(
            label=each.label,
            summary=each.summary,
            href=f"{sources_href}?{urlencode({'platform': each.platform})}#w-new-source" if sources_href else "",
        )
        for each in connectors()
    )


def _quarantine(visit: Visit, count: int) -> Notice | None:
    if not count:
        return None
    href = _href(visit, "quarantine", right=Right.SEE_QUARANTINE)
    return Notice(
        fact=f"{text.counted(count, 'event')} rejected.",
        consequence="Rejected events are in quarantine with their reasons.",
        kind="warn",
        action=Link(label="Show quarantine", href=href) if href else None,
    )


def _data_option() -> str:
    folder = Path(settings.DATA)
    return "" if folder == Settings.from_environment().default_data_dir else f" --data {shlex.quote(str(folder))}"
