"""Whatever the API's document lets a program send, or not, is answered as the document says, and by no 5xx."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import schemathesis_hooks
from support.live import message
from support.live_server import LiveServer, serving

pytestmark = pytest.mark.faults
# `negative_data_rejection` is none of them: an event that is none is answered by the receipt, with 200.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
SECONDS = 25


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(tmp_path_factory.mktemp("document") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def document(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's document, whose places can be what there is here, so that not all of them is unknown."""
    key = server.account("acme")
    assert server.send(key, json.dumps(message("a")).encode()).status == 200
    address = server.command("source", "create", "desk", "--platform", "chatwoot", "--account", "acme").strip()
    reported = server.request("GET", "/api/v1/openapi.json").json()
    session = session_id(server, key)
    server.command("plan", "set", "session.price", "--account", "acme", "--from", "2026-03-01")
    server.command("correct", "void", session, "--account", "acme", "--reason", "a test")
    server.command("statement", "close", "--account", "acme", "--through", "2026-03-31")
    common = {"account": "acme", "source": "desk", "key": address.rpartition("/")[2], "session_id": session}
    common |= {"plan": "freshworks.new"}
    for path, operations in reported["paths"].items():
        own = common | {"number": "ACME-000001" if "/statements/" in path else "1"}
        for operation in operations.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    known = own[parameter["name"]]
                    parameter |= {"schema": {"type": "string", "enum": [known, known, "made-up"]}, "example": known}
    file = tmp_path_factory.mktemp("told") / "openapi.json"
    file.write_text(json.dumps(reported))
    return file


def session_id(server: LiveServer, key: str) -> str:
    """The only session there is, once it is metered."""
    path = "/api/v1/accounts/acme/sessions?from=2026-03-01&to=2026-03-31"
    items: list[Any] = []
    while not items:
        items = server.request("GET", path, authorization=f"Bearer {key}").json()["items"]
    problems: str = items[0]["session_id"]
    return problems


@pytest.mark.parametrize("which", [["--include-tag", "Events"], ["--exclude-tag", "Events"]], ids=["events", "others"])
def test_schemathesis_finds_no_answer_that_the_document_does_not_tell(
    server: LiveServer, document: Path, which: list[str], tmp_path: Path
) -> None:
    # A key of its own for each: what may be asked in a minute is counted by key.
    key = server.command("key", "create", "--account", "acme", "--scope", "admin").strip()
    ran = subprocess.run(
        [
            *(Path(sys.executable).parent / "schemathesis", "run", document, "--url", server.url, *which),
            *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--mode", "all"),
            *("--max-time", str(SECONDS), "--header", f"Authorization: Bearer {key}"),
            *("--no-color", "--warnings", "off"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ
        | {
            "SCHEMATHESIS_HOOKS": "support.schemathesis_hooks",
            "PYTHONPATH": str(Path(schemathesis_hooks.__file__).parents[1]),
        },
    )
    assert ran.returncode == 0, ran.stdout[-6_000:] + ran.stderr[-2_000:]
