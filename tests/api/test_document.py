"""The OpenAPI document is whole, and says what the addresses take."""

import re
from typing import Any

import pytest
from django.test import Client

from botmeter.web.api.api import document
from botmeter.web.api.authentication import REQUESTS_A_MINUTE
from botmeter.web.api.table import ROUTES
from botmeter.web.people.keys import Scope
from contract.source_tree import ROOT

OPERATIONS = [operation for operations in document()["paths"].values() for operation in operations.values()]


def test_it_is_openapi_3_1_and_needs_no_key(client: Client) -> None:
    told = client.get("/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    assert told == document()


def test_every_route_is_in_it_once_and_is_sent_to_only_with_a_body() -> None:
    assert {path: set(operations) for path, operations in document()["paths"].items()} == {
        f"/api/v1/{route.path}": {"post" if route.body else "get"} for route in ROUTES
    }
    assert all((route.body is None) == (route.methods == ["GET", "HEAD"]) for route in ROUTES)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation["operationId"])
def test_an_operation_is_described_with_its_parameters_and_failures(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert operation["security"] == [{"BearerKey": []}, {"HeaderKey": []}]
    assert all(parameter["description"] and parameter["example"] for parameter in operation["parameters"])
    more = {"409", "415"} if "requestBody" in operation else set()
    assert {"200", "400", "401", "403", "404", "413", "429", "500", "503"} | more == set(operation["responses"])
    for status, told in operation["responses"].items():
        assert told["description"]
        assert (list(told["content"]) == ["application/problem+json"]) is (status != "200")


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
