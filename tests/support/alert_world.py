"""An account whose alerts a test watches, with a clock of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from tests.support.ledgers import append_events, event_at, made_account

from botmeter.billing.alerts.alert import Alert, AlertKind
from botmeter.billing.plan import Allowance, Beyond, CycleRule, Meter, Pack, Plan
from botmeter.billing.plan_actions import set_plan
from botmeter.domain.instant import us_from_text
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.notifications.alert_watch import AlertWatch
from botmeter.people.notifications.alert_models import AlertCrossing, AlertRule
from botmeter.people.notifications.alert_rules import AlertDraft, add_rule
from botmeter.people.notifications.models import Notification
from botmeter.people.notifications.webhook_events import AlertCrossed, alert_event
from botmeter.web.notifications.alert_message import alert_page

START_US = us_from_text("2026-10-01T00:00:00Z")
PLAN = Plan(
    name="simple",
    currency="EUR",
    cycle=CycleRule(anchor=date(2026, 10, 1)),
    meters=(
        Meter(
            allowance=Allowance(sessions=10),
            pack=Pack(sessions=10, price=Decimal(5), lapses="60d"),
            beyond=Beyond(kind="price", price=Decimal("0.50")),
        ),
    ),
)
ADA = ({"email": "ada@example.org"},)


class World:
    """An account whose plan includes ten sessions, and a clock."""

    def __init__(self, folder: Folder) -> None:
        self.ledgers = OpenLedgers(folder)
        self.now_us = us_from_text("2026-10-11T12:30:00Z")
        self.watch = AlertWatch(self.ledgers, clock=lambda: self.now_us)
        made_account(folder)
        self.billing(lambda ledger: set_plan(ledger, PLAN, from_us=START_US, now_us=START_US))
        self._count = 0

    def billing(self, change: Callable[[Ledger], Any]) -> None:
        with self.ledgers.writing("acme") as ledger:
            change(ledger)

    def sessions(self, count: int, *, at_us: int | None = None, bot_id: str = "b1", channel: str = "web") -> None:
        events = []
        for _ in range(count):
            self._count += 1
            name = f"{self._count}"
            at = at_us if at_us is not None else self.now_us - 1_000 + self._count
            events.append(event_at(name, at, customer_id=name, conversation_id=name, bot_id=bot_id, channel=channel))
        with self.ledgers.writing("acme") as ledger:
            append_events(ledger, *events, now_us=self.now_us)

    def rule(self, kind: AlertKind, *levels: int | str, **fields: Any) -> AlertRule:
        alert = Alert(kind=kind, levels=tuple(map(Decimal, levels)), **fields)
        draft = AlertDraft(name="One", alert=alert, recipients=ADA)
        rule, _ = add_rule("acme", draft, form_token=uuid4().hex, by=None)
        AlertRule.objects.filter(pk=rule.pk).update(version_at=datetime.fromtimestamp(START_US / 1e6, tz=UTC))
        return rule

    def check(self) -> list[tuple[str, str]]:
        """Evaluate all alerts; return the levels with their states, in order."""
        self.watch.check_all()
        return list(AlertCrossing.objects.order_by("pk").values_list("level", "state"))

    def message(self) -> tuple[str, str, str]:
        """Title, sentence and link of the last message."""
        facts = self.sent[-1]
        page = alert_page(facts, "acme", alert=facts["rule"])
        assert page.link is not None
        return page.title, page.sentences[0], urlsplit(page.link.href).path

    @property
    def sent(self) -> list[dict[str, Any]]:
        sent = list(Notification.objects.order_by("created_at", "pk").values_list("content", flat=True))
        for facts in sent:
            # Each fact is in the event of webhooks.
            assert set(facts) - {"rule", "name"} <= set(AlertCrossed.__struct_fields__)
            assert alert_event(facts, account="acme", url="").level == facts["level"]
        return sent


@contextmanager
def alert_world(path: Path) -> Iterator[World]:
    with Folder.owned(path, purpose="a test") as folder:
        made = World(folder)
        yield made
        made.ledgers.close()
