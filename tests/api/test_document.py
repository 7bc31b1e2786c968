"""The OpenAPI document is complete and matches the routes."""

import re
from typing import Any, cast

import pytest
from django.test import Client

from botmeter.live.server_state import ServerState
from botmeter.people.keys import ACCOUNT_SCOPES
from botmeter.server.routes import own_routes
from botmeter.web.api.authentication import REQUESTS_A_MINUTE
from botmeter.web.api.codes import CODES
from botmeter.web.api.document import document
from botmeter.web.api.table import ROUTES
from contract.source_tree import ROOT
from support.json_schema import faults

# Operations whose address holds its own key.
BY_ADDRESS = {"deliver", "handshake"}
BY_PAGE = ("send-events", "deliver")
OWN_FAILURES = {"send_events": {"408", "409", "415", "422"}, "deliver": {"401", "408", "415"}, "handshake": set()}
OWN_ROUTES = own_routes(cast("ServerState", None))
OPERATIONS = [operation for operations in document()["paths"].values() for operation in operations.values()]


def test_the_document_is_openapi_3_1_and_needs_no_key(client: Client) -> None:
    served = client.get("/api/v1/openapi.json").json()
    assert served["openapi"].startswith("3.1")
    assert served == document()


def test_every_route_is_documented_once_and_only_those_with_a_body_are_sent_to() -> None:
    declared = [(f"/api/v1/{route.path}", route.method.lower()) for route in ROUTES]
    documented = [(path, method) for path, operations in document()["paths"].items() for method in operations]
    assert sorted(declared) == sorted(documented)
    assert all(bool(route.body) == (route.method == "POST") for route in ROUTES)


def test_the_server_answers_the_routes_that_django_does_not() -> None:
    by_server = {(route.path.partition("{")[0], route.method) for route in ROUTES if route.view is None}
    answered = {
        (route.starts.removeprefix("/api/v1/"), method)
        for route in OWN_ROUTES
        for method in route.methods
        if method != "OPTIONS"
    }
    assert by_server == answered


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation["operationId"])
def test_an_operation_is_described_with_its_parameters_and_failures(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    is_by_address = operation["operationId"] in BY_ADDRESS
    assert operation["security"] == ([] if is_by_address else [{"BearerKey": []}, {"HeaderKey": []}])
    assert all(parameter["description"] and parameter["example"] for parameter in operation["parameters"])
    more = OWN_FAILURES.get(operation["operationId"], {"409", "415"} if "requestBody" in operation else set())
    always = {"200", "400", "403", "404", "413", "414", "429", "431", "500", "503"}
    assert always | more | (set() if is_by_address else {"401"}) == set(operation["responses"])
    for status, response in operation["responses"].items():
        assert response["description"]
        is_problem = status not in {"200", "414", "431"}
        assert (list(response.get("content", ())) == ["application/problem+json"]) is is_problem


def test_every_reference_has_its_schema() -> None:
    schemas = document()["components"]["schemas"]
    named = set(re.findall(r"#/components/schemas/(\w+)", str(document())))
    assert named
    assert named <= set(schemas)


def test_both_ways_to_send_a_key_are_documented() -> None:
    schemes = document()["components"]["securitySchemes"]
    assert (schemes["BearerKey"]["type"], schemes["BearerKey"]["scheme"]) == ("http", "bearer")
    assert (schemes["HeaderKey"]["in"], schemes["HeaderKey"]["name"]) == ("header", "X-API-Key")


def test_the_guide_names_every_address_and_scope() -> None:
    guide = (ROOT / "docs" / "guides" / "api.md").read_text(encoding="utf-8")
    addresses = [route.path.removeprefix("accounts/{account}") for route in ROUTES if route.view is not None]
    assert not [address for address in addresses if f"`{address}`" not in guide]
    assert not [scope for scope in ACCOUNT_SCOPES if f"`{scope}`" not in guide]
    assert f"{REQUESTS_A_MINUTE} requests a minute" in guide


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation["operationId"])
def test_every_example_has_the_documented_shape(operation: dict[str, Any]) -> None:
    contents = [
        content
        for part in [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in part.get("content", {}).values()
        if "example" in content
    ]
    assert contents
    for content in contents:
        assert not list(faults(content["example"], content["schema"], document=document()))
    for parameter in operation["parameters"]:
        example, schema = parameter["example"], parameter["schema"]
        value = int(example) if schema["type"] == "integer" else example
        assert not list(faults(value, schema, document=document()))


def test_codes_are_listed_once_in_the_order_of_their_statuses() -> None:
    statuses = [status for _, status, _ in CODES]
    assert statuses == sorted(statuses)
    assert len({code for code, _, _ in CODES}) == len(CODES)


def test_a_request_on_the_page_has_a_key_only_where_one_is_needed_and_one_form_of_body(client: Client) -> None:
    page = client.get("/api/v1/docs").content.decode()
    sent, delivered = (page.partition(f'id="{anchor}"')[2].partition("</article>")[0] for anchor in BY_PAGE)
    assert ("application/json" in sent, "ndjson" in sent) == (True, False)
    assert ("Bearer" in sent, "Bearer" in delivered) == (True, False)
