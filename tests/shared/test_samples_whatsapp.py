"""Webhooks of WhatsApp beside the repository: each is taken or passed over for the right reason.

They stand in the folder that BOTMETER_SHARED names or in ../shared.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.support.payloads import read_all

from botmeter.domain.instant import text_from_us
from botmeter.domain.source import Source
from botmeter.sources.platforms.whatsapp.webhooks import COUNTED_TYPES

SHARED = Path(os.environ.get("BOTMETER_SHARED", Path(__file__).parents[3] / "shared"))
SAMPLES = SHARED / "samples" / "whatsapp"
SOURCE = Source(name="whatsapp", platform="whatsapp")

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the samples are not at {SAMPLES}"),
]

CASES = [
    (f"{path.stem}/{name}", body)
    for path in sorted(SAMPLES.glob("*.json"))
    for name, body in json.loads(path.read_text()).items()
]


def expected_of(body: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Actor, time, customer and conversation of each message, read from the sample by hand's rule."""
    found = []
    for change in body["entry"][0]["changes"]:
        value = change["value"]
        number = value["metadata"]["phone_number_id"]
        for name, actor, who in (("messages", "customer", "from"), ("message_echoes", "agent", "to")):
            messages = [each for each in value.get(name, []) if each["type"] in COUNTED_TYPES]
            found += [(actor, each["timestamp"], each[who], number) for each in messages]
        sent = [each for each in value.get("statuses", []) if each["status"] == "sent"]
        found += [("bot", each["timestamp"], each["recipient_id"], number) for each in sent]
    return [
        (actor, text_from_us(int(time) * 1_000_000), f"whatsapp:{person}", f"whatsapp:{person}:{number}")
        for actor, time, person, number in found
    ]


@pytest.mark.parametrize(("name", "body"), CASES, ids=[name for name, _ in CASES])
def test_each_webhook_gives_its_messages_and_nothing_else(name: str, body: dict[str, Any]) -> None:
    found = read_all(body, source=SOURCE)
    assert found.rejections == ()
    assert [
        (event["actor"], event["occurred_at"], event["customer_id"], event["conversation_id"]) for event in found.events
    ] == expected_of(body)
    assert bool(found.events) != bool(found.ignored), name
    assert not any("wamid." in str(event) for event in found.events)


def test_the_samples_hold_what_is_asserted() -> None:
    by_file = {
        path.stem: [name for name, _ in CASES if name.startswith(f"{path.stem}/")] for path in SAMPLES.glob("*.json")
    }
    counts = {
        stem: sum(bool(read_all(dict(CASES)[name], source=SOURCE).events) for name in names)
        for stem, names in by_file.items()
    }
    assert counts == {
        "callback_button": 3,
        "deleted_message": 0,
        "message": 18,
        "message_status": 2,
        "outgoing_message": 1,
        "system": 0,
    }


def test_a_changed_number_names_the_page_that_merges() -> None:
    (sentence,) = read_all(dict(CASES)["system/phone_number_change"], source=SOURCE).ignored
    assert "Customers" in sentence
