"""The OpenAPI document is whole, and says what the addresses take."""

import re
from typing import Any, cast

import pytest
from django.test import Client

from botmeter.live.ingest import Ingestion
from botmeter.people.keys import Scope
from botmeter.server.routes import own_routes
from botmeter.web.api.api import document
from botmeter.web.api.authentication import REQUESTS_A_MINUTE
from botmeter.web.api.codes import CODES
from botmeter.web.api.ingest_document import operations
from botmeter.web.api.table import ROUTES
from contract.source_tree import ROOT
from support.json_schema import faults

# What is asked for by an address that holds its own key.
BY_ADDRESS = {"deliver", "handshake"}
BY_PAGE = ("send-events", "deliver")
OWN_FAILURES = {"send_events": {"408", "409", "415", "422"}, "deliver": {"401", "408", "415"}, "handshake": set()}
OWN_ROUTES = own_routes(cast("Ingestion", None))
OPERATIONS = [operation for operations in document()["paths"].values() for operation in operations.values()]


def test_it_is_openapi_3_1_and_needs_no_key(client: Client) -> None:
    told = client.get("/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    assert told == document()


def test_every_route_is_in_it_once_and_is_sent_to_only_with_a_body() -> None:
    of_table = {f"/api/v1/{route.path}": {"post" if route.body else "get"} for route in ROUTES}
    of_front = {route.starts: {method.lower() for method in route.methods} - {"options"} for route in OWN_ROUTES}
    found = {path: set(operations) for path, operations in document()["paths"].items()}
    assert {path.partition("{source}")[0]: methods for path, methods in found.items()} == of_table | of_front
    assert all((route.body is None) == (route.methods == ["GET", "HEAD"]) for route in ROUTES)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation["operationId"])
def test_an_operation_is_described_with_its_parameters_and_failures(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    is_by_address = operation["operationId"] in BY_ADDRESS
    assert operation["security"] == ([] if is_by_address else [{"BearerKey": []}, {"HeaderKey": []}])
    assert all(parameter["description"] and parameter["example"] for parameter in operation["parameters"])
    more = OWN_FAILURES.get(operation["operationId"], {"409", "415"} if "requestBody" in operation else set())
    always = {"200", "400", "403", "404", "413", "414", "431", "500", "503"}
    assert always | more | (set() if is_by_address else {"401", "429"}) == set(operation["responses"])
    for status, told in operation["responses"].items():
        assert told["description"]
        is_problem = status not in {"200", "414", "431"}
        assert (list(told.get("content", ())) == ["application/problem+json"]) is is_problem


def test_its_references_lead_somewhere() -> None:
    schemas = document()["components"]["schemas"]
    named = set(re.findall(r"#/components/schemas/(\w+)", str(document())))
    assert named
    assert named <= set(schemas)


def test_both_ways_to_send_a_key_are_told() -> None:
    schemes = document()["components"]["securitySchemes"]
    assert (schemes["BearerKey"]["type"], schemes["BearerKey"]["scheme"]) == ("http", "bearer")
    assert (schemes["HeaderKey"]["in"], schemes["HeaderKey"]["name"]) == ("header", "X-API-Key")


def test_the_guide_names_every_address_and_scope() -> None:
    guide = (ROOT / "docs" / "guides" / "api.md").read_text(encoding="utf-8")
    addresses = [route.path.removeprefix("accounts/{account}") for route in ROUTES]
    assert not [address for address in addresses if f"`{address}`" not in guide]
    assert not [scope for scope in Scope if f"`{scope}`" not in guide]
    assert f"{REQUESTS_A_MINUTE} requests a minute" in guide


def test_the_examples_of_what_is_sent_are_what_may_be_sent() -> None:
    checked = 0
    for own in operations():
        for told in [own.told.get("requestBody", {}), *own.told["responses"].values()]:
            for content in told.get("content", {}).values():
                assert not list(faults(content["example"], content["schema"], document=document()))
                checked += 1
    assert checked == 9


def test_codes_are_told_once_in_the_order_of_their_statuses() -> None:
    statuses = [status for _, status, _ in CODES]
    assert statuses == sorted(statuses)
    assert len({code for code, _, _ in CODES}) == len(CODES)


def test_a_request_of_the_page_bears_a_key_only_where_one_is_asked_for_and_one_form_of_body(client: Client) -> None:
    page = client.get("/api/v1/docs").content.decode()
    sent, delivered = (page.partition(f'id="{anchor}"')[2].partition("</article>")[0] for anchor in BY_PAGE)
    assert ("application/json" in sent, "ndjson" in sent) == (True, False)
    assert ("Bearer" in sent, "Bearer" in delivered) == (True, False)
