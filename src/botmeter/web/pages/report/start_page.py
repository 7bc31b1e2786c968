"""Setup guide of an account without events."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from botmeter.domain import text
from botmeter.domain.instant import now_us, text_to_the_second
from botmeter.domain.settings import Settings
from botmeter.ledger.quarantine import quarantine_counts
from botmeter.web.layout import Frame

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

# Valid as copied.
_EXAMPLE = (
    "event_id,occurred_at,conversation_id,customer_id,actor,bot_id,channel\nm-1,{at},c-1,anna,customer,order-bot,web"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPage:
    """Three steps with commands."""

    frame: Frame
    account: str
    example: str
    import_command: str
    report_command: str
    checked_at: str
    quarantined: str


def start_page(ledger: "ReadableLedger", *, frame: Frame) -> StartPage:
    """Build the setup guide."""
    now = now_us()
    name = ledger.account.name
    waiting = sum(quarantine_counts(ledger).values())
    return StartPage(
        frame=frame,
        account=name,
        example=_EXAMPLE.format(at=text_to_the_second(now)),
        import_command=f"botmeter import events.csv --account {name}{_data_option()}",
        report_command=f"botmeter report --account {name}{_data_option()}",
        checked_at=f"{text.clock_text(now, seconds=True)} UTC",
        quarantined=text.counted(waiting, "event") if waiting else "",
    )


def _data_option() -> str:
    folder = Path(settings.DATA)
    return "" if folder == Settings.from_environment().default_data_dir else f" --data {shlex.quote(str(folder))}"
