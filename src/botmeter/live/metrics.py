"""Prometheus metrics. No label names an account, source, customer or path: series must stay private and few."""

import platform
from importlib.metadata import version as distribution_version
from typing import Final

from prometheus_client import GC_COLLECTOR, REGISTRY, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from botmeter import __version__
from botmeter.domain.receipt import Receipt

# Redundant: the process's start time is the start of each series.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY.unregister(GC_COLLECTOR)

OUTCOMES: Final = ("accepted", "duplicate", "conflict", "rejected", "ignored")

_events: Final = Counter("botmeter_events", "Events sent, by outcome.", ["fate"])
_requests: Final = Counter("botmeter_requests", "Requests answered, by route and status.", ["route", "status"])
_request_seconds: Final = Histogram(
    "botmeter_request_seconds",
    "Time from a request to the start of its answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
_queue_depth: Final = Gauge("botmeter_queue_depth", "Requests with events waiting for a commit.")
_queue_bytes: Final = Gauge("botmeter_queue_bytes", "Size of the waiting requests.")
QUEUE_REFUSED: Final = Counter(
    "botmeter_queue_refused", "Requests with events that were refused because the queue was full."
)
_commit_seconds: Final = Histogram(
    "botmeter_commit_seconds",
    "Time from the first statement of a commit of live events until it is on disk.",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
_commit_dispatches: Final = Histogram(
    "botmeter_commit_dispatches",
    "Requests answered by one commit.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000),
)
SETTLE_SECONDS: Final = Histogram(
    "botmeter_settle_seconds",
    "Time of one metering run.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
_lag_seconds: Final = Gauge(
    "botmeter_metering_lag_seconds", "Age of the oldest event that is stored and not metered yet."
)
ENTITLEMENT_ANSWERS: Final = Counter(
    "botmeter_entitlement_answers", "Answers to bots that asked, by whether the next message is allowed.", ["allowed"]
)
ENTITLEMENT_READS: Final = Counter(
    "botmeter_entitlement_reads", "Questions of bots for which a customer's sessions were read from the ledger."
)
_entitlement_scopes: Final = Gauge(
    "botmeter_entitlement_scopes", "Customers, conversations or other scopes of running sessions in memory."
)
_refused_ledgers: Final = Gauge(
    "botmeter_ledgers_refused", "Accounts whose ledger is damaged, gone, or older than what was acknowledged."
)
_different_ledgers: Final = Gauge(
    "botmeter_ledgers_different", "Accounts whose numbers differed from what their events give in the last check."
)
_ledgers_checked: Final = Gauge(
    "botmeter_ledgers_checked_timestamp_seconds", "End of the last check of all ledgers; 0 before the first."
)
NOTIFICATION_OUTCOMES: Final = ("handed_over", "later", "failed", "withdrawn")
_notifications: Final = Counter(
    "botmeter_notifications", "Attempts to send notifications, by channel and outcome.", ["channel", "outcome"]
)
_notifications_waiting: Final = Gauge("botmeter_notifications_waiting", "Notifications that are due and not sent yet.")
_notifications_age: Final = Gauge(
    "botmeter_notifications_oldest_seconds", "Time for which the oldest notification that is not sent yet waits."
)
Gauge("botmeter_build_info", "Always 1; the labels are the versions.", ["version", "python", "duckdb"]).labels(
    version=__version__, python=platform.python_version(), duckdb=distribution_version("duckdb")
).set(1)
for _allowed in ("true", "false"):
    ENTITLEMENT_ANSWERS.labels(allowed=_allowed)
for _outcome in OUTCOMES:
    # A counter that exists at 0 can be watched before its first event.
    _events.labels(fate=_outcome)
for _outcome in NOTIFICATION_OUTCOMES:
    _notifications.labels(channel="email", outcome=_outcome)


def count_outcomes(receipt: Receipt) -> None:
    """Count the event outcomes of a delivery."""
    counts = (receipt.accepted, receipt.duplicates, receipt.conflicts, receipt.rejected, receipt.ignored_count)
    for outcome, count in zip(OUTCOMES, counts, strict=True):
        if count:
            _events.labels(fate=outcome).inc(count)


def observe_request(route: str, *, status: int, seconds: float) -> None:
    """Count an answered request; `seconds` until the answer started."""
    _requests.labels(route=route, status=str(status)).inc()
    _request_seconds.labels(route=route).observe(seconds)


def observe_commit(seconds: float, *, delivery_count: int) -> None:
    """Count a durable commit of live events."""
    _commit_seconds.observe(seconds)
    _commit_dispatches.observe(delivery_count)


def set_entitlement_scopes(count: int) -> None:
    """Set the number of scopes in memory."""
    _entitlement_scopes.set(count)


def set_gauges(*, queued_count: int, queued_bytes: int, lag_seconds: float, refused_ledger_count: int) -> None:
    """Set the values read at the time of the request."""
    _queue_depth.set(queued_count)
    _queue_bytes.set(queued_bytes)
    _lag_seconds.set(lag_seconds)
    _refused_ledgers.set(refused_ledger_count)


def set_different_ledgers(count: int) -> None:
    """Set the number of ledgers whose numbers differ."""
    _different_ledgers.set(count)


def note_ledgers_checked() -> None:
    """Set the time of the last check of all ledgers."""
    _ledgers_checked.set_to_current_time()


def count_notification(channel: str, outcome: str) -> None:
    """Count an attempt to send a notification."""
    _notifications.labels(channel=channel, outcome=outcome).inc()


def set_waiting_notifications(count: int, *, oldest_seconds: float) -> None:
    """Set what the sender saw at its last check."""
    _notifications_waiting.set(count)
    _notifications_age.set(oldest_seconds)


def exposition(accept: str) -> tuple[bytes, str]:
    """Return all metrics and their media type."""
    encode, media_type = choose_encoder(accept)
    return encode(REGISTRY), media_type
