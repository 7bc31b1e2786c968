"""`/metrics`: what is counted, for whom, and that nobody's name is in it."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from botmeter.domain.errors import Refused
from botmeter.domain.receipt import Receipt
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live import metrics
from botmeter.live.server_state import ServerState
from botmeter.people.keys import ACCOUNT_SCOPES, KeyDraft, Scope, known_keys, new_key
from botmeter.people.models import User
from botmeter.web.request_log import UNKNOWN

pytestmark = pytest.mark.django_db
ELSEWHERE = "203.0.113.9"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    known_keys.clear()
    yield
    known_keys.clear()


def value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


def key(scope: Scope, *, account: str = "acme") -> str:
    return new_key(account, KeyDraft(name="prometheus", scopes=(scope,)), created_by=None).secret


def test_metrics_need_no_key_from_this_machine(client: Client) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    families = {family.name for family in text_string_to_metric_families(answer.content.decode())}
    assert {"botmeter_events", "botmeter_commit_seconds", "botmeter_build_info"} <= families
    assert "process_resident_memory_bytes" in families


def test_the_format_is_the_accepted_one(client: Client) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.endswith(b"# EOF\n")


@pytest.mark.parametrize(
    "more",
    [
        {"REMOTE_ADDR": ELSEWHERE},
        {"REMOTE_ADDR": ""},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"X-Forwarded-Proto": "http"}},
        {"headers": {"Forwarded": "for=127.0.0.1"}},
        {"headers": {"Via": "1.1 proxy"}},
        {"headers": {"X-Real-IP": "127.0.0.1"}},
        {"secure": True},
    ],
)
def test_metrics_need_a_key_from_elsewhere_and_behind_a_proxy(client: Client, more: dict[str, object]) -> None:
    answer = client.get("/metrics", **more)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="botmeter"'
    assert b"botmeter_events" not in answer.content


def test_a_key_of_the_server_opens_the_metrics_and_nothing_else(client: Client, ledgers: OpenLedgers) -> None:
    secret = key(Scope.METRICS_READ, account="")
    for headers in ({"Authorization": f"Bearer {secret}"}, {"X-API-Key": secret}):
        assert client.get("/metrics", headers=headers, REMOTE_ADDR=ELSEWHERE).status_code == 200
        for account in ("acme", "%20", "%00"):
            assert client.get(f"/api/v1/accounts/{account}/reports/session-usage", headers=headers).status_code == 404


@pytest.mark.parametrize("scope", ACCOUNT_SCOPES)
def test_a_key_of_an_account_does_not_open_the_metrics_of_all(client: Client, scope: Scope) -> None:
    answer = client.get("/metrics", headers={"X-API-Key": key(scope)}, REMOTE_ADDR=ELSEWHERE)
    assert answer.status_code == 403
    assert b"botmeter key create --scope metrics:read" in answer.content


@pytest.mark.parametrize(
    ("account", "scope"), [("acme", Scope.METRICS_READ), ("", Scope.ADMIN), ("", Scope.EVENTS_WRITE)]
)
def test_keys_of_accounts_and_of_the_server_have_scopes_of_their_own(account: str, scope: Scope) -> None:
    with pytest.raises(Refused) as refused:
        key(scope, account=account)
    assert refused.value.code == "scope_misplaced"


@pytest.mark.parametrize("sent", ["Bearer bm_made-up", "Bearer ", "Basic YTpi", "bm_made-up"])
def test_an_invalid_key_is_refused(client: Client, sent: str) -> None:
    assert client.get("/metrics", headers={"Authorization": sent}, REMOTE_ADDR=ELSEWHERE).status_code == 401


def test_a_request_is_counted_by_route_and_never_by_path(client: Client, ledgers: OpenLedgers) -> None:
    before = value("botmeter_requests_total", route="api:session", status="401")
    client.get("/api/v1/accounts/acme/sessions/secret-session?customer=cus_8401")
    assert value("botmeter_requests_total", route="api:session", status="401") == before + 1
    assert value("botmeter_request_seconds_count", route="api:session") >= 1
    unknown = value("botmeter_requests_total", route=UNKNOWN, status="404")
    client.get("/s3cr3t/address")
    assert value("botmeter_requests_total", route=UNKNOWN, status="404") == unknown + 1
    text = metrics.exposition("")[0].decode()
    assert not [word for word in ("secret-session", "cus_8401", "s3cr3t", "acme") if word in text]


def test_no_metric_names_an_account(browser: Callable[..., Client], owner: User, ledgers: OpenLedgers) -> None:
    for path in ("reports/bot-session-consumption", "bots", "admin/keys", "admin/users"):
        assert browser(owner).get(f"/a/acme/{path}").status_code == 200
    assert "acme" not in metrics.exposition("")[0].decode()
    assert value("botmeter_requests_total", route="keys", status="200") >= 1


def test_each_event_is_counted_once_by_outcome() -> None:
    before = {outcome: value("botmeter_events_total", fate=outcome) for outcome in metrics.OUTCOMES}
    metrics.count_outcomes(Receipt(accepted=5, duplicates=4, conflicts=3, rejected=2, ignored_count=1))
    after = {outcome: value("botmeter_events_total", fate=outcome) for outcome in metrics.OUTCOMES}
    grown = [
        after[outcome] - before[outcome] for outcome in ("accepted", "duplicate", "conflict", "rejected", "ignored")
    ]
    assert grown == [5, 4, 3, 2, 1]


def test_metrics_have_the_observations_of_worker_threads() -> None:
    commits, dispatches = value("botmeter_commit_seconds_count"), value("botmeter_commit_dispatches_sum")
    settled, refused = value("botmeter_settle_seconds_count"), value("botmeter_queue_refused_total")
    metrics.observe_commit(0.004, delivery_count=7)
    metrics.SETTLE_SECONDS.observe(0.2)
    metrics.QUEUE_REFUSED.inc()
    assert value("botmeter_commit_seconds_count") == commits + 1
    assert value("botmeter_commit_dispatches_sum") == dispatches + 7
    assert value("botmeter_settle_seconds_count") == settled + 1
    assert value("botmeter_queue_refused_total") == refused + 1


def test_gauges_have_the_present_values_of_the_request_s_server(client: Client, state: ServerState) -> None:
    state.ingestion.capacity.delivery_count, state.ingestion.capacity.size_bytes = 1, 4096
    numbers = client.get("/metrics").content.decode()
    assert "botmeter_queue_depth 1.0\n" in numbers
    assert "botmeter_queue_bytes 4096.0\n" in numbers
    assert "botmeter_metering_lag_seconds 0.0\n" in numbers
