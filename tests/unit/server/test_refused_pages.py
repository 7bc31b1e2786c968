"""Pages that the front sends back before Django is asked: an operator sees them in the counts and in the log."""

import logging

import pytest

from botmeter.live import metrics
from botmeter.server.front.front import PAGE_ROUTE, Front
from botmeter.web.request_log import LOGGER
from support.asgi_requests import AsgiClient
from support.bridges import bridge_of


def counted(status: int) -> float:
    labels = {"route": PAGE_ROUTE, "status": str(status)}
    return metrics.REGISTRY.get_sample_value("botmeter_requests_total", labels) or 0.0


def test_a_page_refused_by_the_front_is_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    ask = AsgiClient(Front(bridge_of(lambda *_: [b"never asked"]), routes=()))
    before = counted(413)
    with caplog.at_level(logging.INFO, logger=LOGGER):
        response = ask("POST", "/a/page", content_length=str(1 << 30))
    assert response.status == 413
    assert counted(413) == before + 1
    (line,) = [record for record in caplog.records if record.name == LOGGER]
    assert (line.fields["route"], line.fields["status"]) == (PAGE_ROUTE, 413)  # type: ignore[attr-defined]
