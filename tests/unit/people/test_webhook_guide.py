"""The guide to webhooks: its receiver works, and the reference has every type."""

import re
from base64 import b64encode
from hmac import digest

import msgspec
import pytest

from botmeter.domain.instant import present
from botmeter.live.notifications.webhook_transport import signed_headers
from botmeter.people.notifications.retry_times import JITTER, WEBHOOK_WAITS
from botmeter.people.notifications.webhook_events import EVENT_TYPES, EXAMPLES, event_data
from contract.source_tree import ROOT

GUIDE = (ROOT / "docs" / "guides" / "webhooks.md").read_text(encoding="utf-8")
BODY = b'{"type":"cap.reached","data":{"account":"acme","name":"orders"}}'
OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_receiver_of_the_guide_accepts_signed_events_once(capsys: pytest.CaptureFixture[str]) -> None:
    [code] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102 - of the guide
    receive, secret = names["receive"], str(names["SECRET"])
    assert callable(receive)
    headers = signed_headers("msg_1", body=BODY, secrets=[secret], now=present())
    both = signed_headers("msg_2", body=BODY, secrets=[OTHER, secret], now=present())
    assert receive(BODY, headers) == receive(BODY, headers) == receive(BODY, both) == 204
    assert capsys.readouterr().out.splitlines() == ["No more sessions for orders"] * 2
    assert receive(BODY + b" ", headers) == 401
    assert receive(BODY, signed_headers("msg_3", body=BODY, secrets=[OTHER], now=present())) == 401


def test_the_signature_is_what_the_guide_says_without_a_library() -> None:
    key = b"k" * 32
    now = present()
    headers = signed_headers("msg_1", body=BODY, secrets=[f"whsec_{b64encode(key).decode()}"], now=now)
    signed = b".".join((b"msg_1", headers["webhook-timestamp"].encode(), BODY))
    assert headers["webhook-signature"] == f"v1,{b64encode(digest(key, signed, 'sha256')).decode()}"
    assert headers["webhook-timestamp"] == str(int(now.timestamp()))


def test_the_guide_has_the_schedule_of_attempts() -> None:
    assert [int(wait.total_seconds()) for wait in WEBHOOK_WAITS] == [
        5, 300, 1_800, *(3_600 * hours for hours in (2, 5, 10, 14, 20, 24)),
    ]  # fmt: skip
    assert (len(WEBHOOK_WAITS) + 1, JITTER) == (10, 0.1)
    assert "after about 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours" in " ".join(GUIDE.split())


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_each_type_has_an_example_that_it_decodes(name: str) -> None:
    kind, example = EVENT_TYPES[name], EXAMPLES[name]
    assert msgspec.convert(event_data(example), kind) == example
    assert f"## `{name}`" in (ROOT / "docs" / "reference" / "webhook-events.md").read_text(encoding="utf-8")


def test_each_field_of_a_type_has_a_meaning() -> None:
    page = (ROOT / "docs" / "reference" / "webhook-events.md").read_text(encoding="utf-8")
    empty = [line for line in page.splitlines() if line.startswith("| `") and line.endswith("|  |")]
    assert not empty
