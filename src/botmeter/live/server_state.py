"""State of a running server."""

from dataclasses import dataclass, field
from threading import Event

from botmeter.domain.rate_limit import RateLimiter
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.account_rounds import AccountRounds
from botmeter.live.bill_turns import BillTurns
from botmeter.live.closings import closings
from botmeter.live.entitlement.entitlements import Entitlements
from botmeter.live.export_progress import ExportProgressByUser
from botmeter.live.export_slots import ExportSlots
from botmeter.live.imports import ImportJobs
from botmeter.live.ingest import Ingestion
from botmeter.live.lake_watch import lake_watch
from botmeter.live.ledger_checks import ledger_checks
from botmeter.live.notifications.alert_watch import AlertWatch
from botmeter.live.notifications.schedule_watch import ScheduleWatch
from botmeter.live.notifications.sender import NotificationSender
from botmeter.live.notifications.transports import TRANSPORTS
from botmeter.live.pulls.schedule import PullSchedule
from botmeter.live.simulations import Simulations
from botmeter.live.store import LedgerStore
from botmeter.live.uploads import Uploads
from botmeter.people.notifications.delivery import Render
from botmeter.people.wrong_secrets import WrongSecrets


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """Server state carried by each request."""

    ledgers: OpenLedgers
    store: LedgerStore
    ingestion: Ingestion
    pulls: PullSchedule
    checks: AccountRounds
    closings: AccountRounds
    lakes: AccountRounds
    alerts: AlertWatch
    notifications: NotificationSender
    schedules: ScheduleWatch
    uploads: Uploads
    entitlements: Entitlements
    api_requests: RateLimiter = field(default_factory=RateLimiter)
    event_requests: RateLimiter = field(default_factory=RateLimiter)
    entitlement_requests: RateLimiter = field(default_factory=RateLimiter)
    wrong_secrets: WrongSecrets = field(default_factory=WrongSecrets)
    exports: ExportSlots = field(default_factory=ExportSlots)
    export_progress: ExportProgressByUser = field(default_factory=ExportProgressByUser)
    simulations: Simulations = field(default_factory=Simulations)
    bill_turns: BillTurns = field(default_factory=BillTurns)
    imports: ImportJobs = field(default_factory=ImportJobs)
    stopping: Event = field(default_factory=Event)

    def problem(self) -> str | None:
        if self.stopping.is_set():
            return "The server is stopping."
        return "The queue of live events is full." if self.ingestion.capacity.is_full else None

    def close(self) -> None:
        self.stopping.set()
        self.checks.close()
        self.closings.close()
        self.lakes.close()
        self.alerts.close()
        self.schedules.close()
        self.notifications.close()
        self.pulls.close()
        self.imports.close()
        self.ingestion.close()
        self.entitlements.close()
        self.ledgers.close()


def new_server_state(ledgers: OpenLedgers, *, render: Render) -> ServerState:
    """Return an idle state."""
    alerts, entitlements = AlertWatch(ledgers), Entitlements(ledgers)
    store = LedgerStore(ledgers, entitlements=entitlements, settled=alerts.settled)
    ingestion = Ingestion(store)
    return ServerState(
        ledgers=ledgers,
        store=store,
        ingestion=ingestion,
        pulls=PullSchedule(ledgers),
        checks=ledger_checks(ledgers, capacity=ingestion.capacity),
        closings=closings(ledgers, recharges=store.recharges),
        lakes=lake_watch(ledgers, followed=alerts.settled),
        alerts=alerts,
        notifications=NotificationSender(ledgers, render=render, transports=TRANSPORTS),
        schedules=ScheduleWatch(ledgers),
        uploads=Uploads(ledgers.folder.path),
        entitlements=entitlements,
    )
