"""Anonymous visitors leave a bounded amount in the memory of the server."""

import gc
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import User
from botmeter.people.shares import ShareDraft, new_share
from botmeter.web.api.reference_page import OperationCard
from botmeter.web.memory_cache import ENTRY_BYTES_MAX
from botmeter.web.pages.report import contexts, usage_page
from botmeter.web.report_address import QUERY_LENGTH_MAX

pytestmark = pytest.mark.django_db
VIEW = "from=2026-03-30&to=2026-03-31&timezone=UTC&compare=none"


@pytest.fixture
def path(ledgers: OpenLedgers, owner: User) -> str:
    """Path of a share link."""
    return f"/s/{new_share('acme', ShareDraft(name='March', query=VIEW, lasting_days=7), created_by=owner).secret}"


@pytest.fixture
def caches_of_reports(monkeypatch: pytest.MonkeyPatch) -> tuple[BoundedCache[Any, Any], ...]:
    """Empty caches of a tenth of the size."""
    made = (BoundedCache[Any, Any](5 << 20), BoundedCache[Any, Any](3 << 20))
    monkeypatch.setattr(usage_page, "_bodies", made[0])
    monkeypatch.setattr(contexts, "_overviews", made[1])
    return made


def test_the_api_reference_is_not_kept_for_each_host(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    def cards() -> int:
        gc.collect()
        return sum(isinstance(each, OperationCard) for each in gc.get_objects())

    assert "http://first.example" in client.get("/api/v1/docs", headers={"Host": "first.example"}).content.decode()
    before = cards()
    for number in range(5):
        client.get("/api/v1/docs", headers={"Host": f"host-{number}.example"})
    assert cards() == before


@pytest.mark.slow
def test_cached_pages_of_long_addresses_take_bounded_memory(
    client: Client, path: str, caches_of_reports: tuple[BoundedCache[Any, Any], ...]
) -> None:
    for number in range(12):
        filler = f"{number}" + "x" * (QUERY_LENGTH_MAX - 100)
        assert client.get(path, {"bot": filler}).status_code == 200
    bodies, overviews = caches_of_reports
    assert 0 < bodies.size_bytes <= 5 << 20
    assert 0 < overviews.size_bytes <= 3 << 20


def test_an_address_that_is_too_long_is_refused_with_a_sentence(client: Client, path: str) -> None:
    answer = client.get(path, {"bot": "x" * QUERY_LENGTH_MAX})
    assert answer.status_code == 413
    page = answer.content.decode()
    assert "address_too_long" in page
    assert "The address of this report has 8,004 characters; the limit is 8,000." in page


def test_a_large_entry_of_the_memory_cache_is_left_out() -> None:
    cache = caches["default"]
    cache.set("title:large", "small")
    cache.set("title:large", "x" * ENTRY_BYTES_MAX)
    cache.set("title:small", "small")
    assert (cache.get("title:large"), cache.get("title:small")) == (None, "small")
