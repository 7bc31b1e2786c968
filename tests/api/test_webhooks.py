"""`/api/v1/webhooks/{source}/{key}`: deliveries, signatures and challenges of each platform."""

import base64
import gzip
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.unit.sources import test_botframework as botframework
from tests.unit.sources import test_chatwoot as chatwoot
from tests.unit.sources import test_freshchat as freshchat
from tests.unit.sources import test_rasa as rasa_events
from tests.unit.sources import test_whatsapp as whatsapp

from api.conftest import Clock
from botmeter.domain.source import Source
from botmeter.live import metrics
from botmeter.live.event_body import EVENTS_MAX
from botmeter.people.models import EventSource
from botmeter.people.sources import forget_source, update
from botmeter.sources.payloads.signatures import REPLAY_WINDOW_SECONDS
from botmeter.sources.platforms.registry import connector_of, platform_codes
from support.asgi_requests import AsgiResponse
from support.live import Live, counts, message, problem_of

pytestmark = pytest.mark.slow

CLOUDEVENT = {"specversion": "1.0", "id": "a", "source": "/b", "type": "botmeter.message", "subject": "v1"}
# Platform → a source, a payload that is one event, and one that is none of the platform's.
SAMPLES: dict[str, tuple[Source, Any]] = {
    "botmeter": (Source(name="own", platform="botmeter"), message("a")),
    "cloudevents": (
        Source(name="own", platform="cloudevents"),
        CLOUDEVENT | {"data": {"customer_id": "c1", "actor": "customer", "bot_id": "b1"}},
    ),
    "chatwoot": (chatwoot.SOURCE, chatwoot.message()),
    "freshchat": (freshchat.SOURCE, freshchat.message()),
    "whatsapp": (whatsapp.SOURCE, whatsapp.webhook_of(whatsapp.message())),
    "rasa": (rasa_events.SOURCE, rasa_events.post(rasa_events.user())),
    "botframework": (botframework.SOURCE, botframework.activity()),
}
SIGNING = ["chatwoot", "freshchat", "whatsapp"]
FOREIGN = [platform for platform in SAMPLES if platform not in ("botmeter", "cloudevents")]
NAME = {platform: platform for platform in SAMPLES}


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def text(payload: Any) -> bytes:
    return json.dumps(payload, ensure_ascii=False).encode()


def receipt(response: AsgiResponse) -> tuple[tuple[int, int, int, int], list[str]]:
    return counts(response), response.json()["ignored"]


def counted_as(outcome: str) -> float:
    """Number of events that this process has counted with that outcome."""
    return metrics.REGISTRY.get_sample_value("botmeter_events_total", {"fate": outcome}) or 0.0


def test_every_platform_has_its_sample() -> None:
    assert set(SAMPLES) == set(platform_codes())
    assert set(SIGNING) == {platform for platform in platform_codes() if connector_of(platform).secret is not None}


@pytest.mark.parametrize("platform", SAMPLES, ids=NAME.get)
def test_a_repeated_webhook_event_is_accepted_once(live: Live, key: str, platform: str) -> None:
    source, payload = SAMPLES[platform]
    path = live.source("acme", source)
    assert receipt(live.request("POST", path, text(payload))) == ((1, 0, 0, 0), [])
    assert receipt(live.request("POST", path, text(payload))) == ((0, 1, 0, 0), [])
    packed = gzip.compress(text(payload))
    assert receipt(live.request("POST", path, packed, content_encoding="gzip"))[0] == (0, 1, 0, 0)
    assert live.rows("acme", "SELECT DISTINCT source FROM event") == [(source.name,)]
    assert len(live.sessions("acme")) == 1
    assert len(live.deliveries("acme", source.name)) == 3


@pytest.mark.parametrize("platform", FOREIGN, ids=NAME.get)
@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'"a"', b"{}", "\u007b\ud55c".encode(), b"\xff\x00"])
def test_an_unreadable_payload_is_quarantined_and_answered_200(
    live: Live, key: str, platform: str, body: bytes
) -> None:
    source, _ = SAMPLES[platform]
    response = live.request("POST", live.source("acme", source), body)
    (rejected,), stored = response.json()["rejections"] or [None], live.quarantined("acme")
    if rejected is None:
        # An empty list holds nothing that could count.
        assert (counts(response), body, stored) == ((0, 0, 0, 0), b"[]", [])
        return
    assert counts(response) == (0, 0, 0, 1)
    assert (rejected["index"], rejected["code"]) == (0, "payload_not_understood")
    assert [(each.code, each.raw, each.source) for each in stored] == [("payload_not_understood", body, source.name)]


@pytest.mark.parametrize("platform", ["botmeter", "cloudevents"], ids=NAME.get)
def test_an_invalid_body_of_events_is_refused(live: Live, key: str, platform: str) -> None:
    path = live.source("acme", SAMPLES[platform][0])
    assert problem_of(live.request("POST", path, b"nonsense")) == (400, "json_invalid")
    assert problem_of(live.request("POST", path, b"a", content_type="text/plain")) == (415, "media_type_unknown")
    assert counts(live.request("POST", path, b"[]", content_type="application/cloudevents-batch+json")) == (0, 0, 0, 0)
    assert live.quarantined("acme") == []


def test_private_notes_and_typing_are_answered_as_ignored(live: Live, key: str) -> None:
    path = live.source("acme", chatwoot.SOURCE)
    private = live.request("POST", path, text(chatwoot.message(private=True)))
    assert counts(private) == (0, 0, 0, 0)
    (sentence,) = private.json()["ignored"]
    assert "private" in sentence.lower()
    assert receipt(live.request("POST", path, text({"event": "conversation_typing_on"})))[1] == ["Typing never counts."]
    assert live.event_ids("acme") == []
    delivered = live.deliveries("acme", chatwoot.SOURCE.name)
    assert [(each.ignored, each.rejected) for each in delivered] == [(1, 0), (1, 0)]
    assert delivered[1].detail == sentence


def test_ignored_items_are_counted_one_by_one_under_one_sentence(live: Live, key: str) -> None:
    before = counted_as("ignored")
    typing = [botframework.activity(id=str(number), type="typing") for number in range(32)]
    response = live.request("POST", live.source("acme", botframework.SOURCE), text([*typing, botframework.activity()]))
    assert receipt(response) == ((1, 0, 0, 0), ["An activity of type typing never counts. (32 of them)"])
    (delivered,) = live.deliveries("acme", botframework.SOURCE.name)
    assert (delivered.accepted, delivered.ignored) == (1, 32)
    assert counted_as("ignored") == before + 32


def test_a_sender_configured_as_a_bot_is_a_bot(live: Live, key: str) -> None:
    path = live.source("acme", freshchat.SOURCE)
    live.request("POST", path, text(freshchat.message(("agent", "ag-bot"))))
    assert live.rows("acme", "SELECT bot_name FROM event") == [("FAQ bot",)]


def signed(body: bytes, *, by: str, at_s: int = 1_790_003_600) -> dict[str, str]:
    digest = hmac.digest(by.encode(), f"{at_s}.".encode() + body, "sha256").hex()
    return {"x_chatwoot_signature": f"sha256={digest}", "x_chatwoot_timestamp": str(at_s)}


@pytest.mark.parametrize("content", ["Where?", "주문이 어디에 있나요? 😀", "a\\u00e9\u2028 </script>"])
def test_a_signature_covers_the_exact_bytes(live: Live, key: str, content: str) -> None:
    path = live.source("acme", chatwoot.SOURCE, signed_by="s3cret")
    # Written as no encoder here writes it: another order, spaces, an escape.
    body = text(chatwoot.message(content=content)).replace(b'"event":', b' "event" :\t')
    assert counts(live.request("POST", path, body, **signed(body, by="s3cret"))) == (1, 0, 0, 0)
    again = json.dumps(json.loads(body)).encode()
    response = live.request("POST", path, again, **signed(body, by="s3cret"))
    assert problem_of(response) == (401, "signature_wrong")


def test_a_compressed_delivery_is_signed_before_compression(live: Live, key: str) -> None:
    path = live.source("acme", chatwoot.SOURCE, signed_by="s3cret")
    body = text(chatwoot.message())
    headers = signed(body, by="s3cret")
    assert counts(live.request("POST", path, gzip.compress(body), content_encoding="gzip", **headers)) == (1, 0, 0, 0)


def test_a_delivery_is_signed_by_the_source_s_own_secret(live: Live, key: str) -> None:
    path = live.source("acme", chatwoot.SOURCE, signed_by="s3cret")
    body = text(chatwoot.message())
    for headers, code in (
        ({}, "signature_missing"),
        (signed(body, by="other"), "signature_wrong"),
        (signed(body + b" ", by="s3cret"), "signature_wrong"),
        (signed(body, by="s3cret") | {"x_chatwoot_timestamp": "1790003601"}, "signature_wrong"),
        (signed(body, by="s3cret") | {"x_chatwoot_signature": "é"}, "signature_wrong"),
    ):
        assert problem_of(live.request("POST", path, body, **headers)) == (401, code)
    assert live.quarantined("acme") == []
    assert live.deliveries("acme", chatwoot.SOURCE.name) == []


@pytest.mark.parametrize("off_s", [-REPLAY_WINDOW_SECONDS - 1, REPLAY_WINDOW_SECONDS + 1])
def test_a_delivery_with_an_old_signature_is_refused(live: Live, key: str, clock: Clock, off_s: int) -> None:
    path = live.source("acme", chatwoot.SOURCE, signed_by="s3cret")
    body = text(chatwoot.message())
    at_s = clock.now_us // 1_000_000
    at_the_edge = at_s + off_s - (1 if off_s > 0 else -1)
    assert counts(live.request("POST", path, body, **signed(body, by="s3cret", at_s=at_the_edge))) == (1, 0, 0, 0)
    response = live.request("POST", path, body, **signed(body, by="s3cret", at_s=at_s + off_s))
    assert problem_of(response) == (401, "delivery_too_old")


def test_a_whatsapp_signature_is_checked(live: Live, key: str) -> None:
    path = live.source("acme", whatsapp.SOURCE, signed_by="s3cret")
    body = text(whatsapp.webhook_of(whatsapp.message(text={"body": "안녕 😀"})))
    digest = hmac.digest(b"s3cret", body, "sha256").hex()
    assert problem_of(live.request("POST", path, body)) == (401, "signature_missing")
    assert problem_of(live.request("POST", path, body, x_hub_signature_256="sha256=00")) == (401, "signature_wrong")
    assert counts(live.request("POST", path, body, x_hub_signature_256=f"sha256={digest}")) == (1, 0, 0, 0)


def test_a_wrapped_delivery_is_signed_as_it_came_and_read_inside(live: Live, key: str) -> None:
    path = live.source("acme", whatsapp.SOURCE, signed_by="s3cret")
    payload = whatsapp.webhook_of(whatsapp.message())
    for body in (text([{"headers": {}, "body": payload}]), text({"data": [payload]})):
        digest = hmac.digest(b"s3cret", body, "sha256").hex()
        inner = hmac.digest(b"s3cret", text(payload), "sha256").hex()
        refused = live.request("POST", path, body, x_hub_signature_256=f"sha256={inner}")
        assert problem_of(refused) == (401, "signature_wrong")
        assert sum(counts(live.request("POST", path, body, x_hub_signature_256=f"sha256={digest}"))[:2]) == 1
    assert len(live.sessions("acme")) == 1


def test_a_wrapped_delivery_of_several_payloads_has_one_receipt(live: Live, key: str) -> None:
    path = live.source("acme", chatwoot.SOURCE)
    payloads = [chatwoot.message(), {"event": "never_heard_of"}, chatwoot.message(private=True), chatwoot.message(id=2)]
    response = live.request("POST", path, text([{"body": payload} for payload in payloads]))
    assert counts(response) == (2, 0, 0, 1)
    assert [(each["index"], each["code"]) for each in response.json()["rejections"]] == [(1, "payload_not_understood")]
    (delivered,) = live.deliveries("acme", chatwoot.SOURCE.name)
    assert (delivered.accepted, delivered.rejected, delivered.ignored) == (2, 1, 1)


@pytest.mark.parametrize("platform", ["botmeter", "cloudevents"])
def test_wrapped_events_in_botmeters_format_are_read(live: Live, key: str, platform: str) -> None:
    source, payload = SAMPLES[platform]
    path = live.source("acme", source)
    assert counts(live.request("POST", path, text([{"headers": {}, "body": payload}]))) == (1, 0, 0, 0)
    assert counts(live.request("POST", path, text({"data": [payload, payload]}))) == (0, 2, 0, 0)
    many = text({"data": [payload] * (EVENTS_MAX + 1)})
    assert problem_of(live.request("POST", path, many)) == (413, "events_too_many")


def test_a_note_on_a_second_id_is_kept_with_its_delivery(live: Live, key: str) -> None:
    path = live.source("acme", whatsapp.SOURCE)
    both = whatsapp.message(from_user_id="DE.777")
    late = whatsapp.message(id="wamid.late", timestamp="never")
    status = whatsapp.status(status="read")
    assert receipt(live.request("POST", path, text(whatsapp.webhook_of(both, late))))[1] == []
    live.request("POST", path, text(whatsapp.webhook(whatsapp.change(messages=[both], statuses=[status]))))
    last, first = (delivered.detail for delivered in live.deliveries("acme", whatsapp.SOURCE.name))
    note = "A customer has a number ending in 0011 and a user ID ending in .777: merge the two"
    assert first is not None
    assert first.startswith("time_invalid: ")
    assert note in first
    assert last is not None
    assert last.startswith(note)


def test_a_freshchat_signature_is_checked(live: Live, key: str, private_key: rsa.RSAPrivateKey) -> None:
    public = private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    path = live.source("acme", freshchat.SOURCE, signed_by=public.decode())
    body = text(freshchat.message())
    signature = base64.b64encode(private_key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
    assert problem_of(live.request("POST", path, body)) == (401, "signature_missing")
    assert problem_of(live.request("POST", path, body + b" ", x_freshchat_signature=signature)) == (
        401,
        "signature_wrong",
    )
    assert counts(live.request("POST", path, body, x_freshchat_signature=signature)) == (1, 0, 0, 0)


def test_an_address_with_a_wrong_key_or_name_is_unknown(live: Live, key: str) -> None:
    path = live.source("acme", chatwoot.SOURCE)
    start, _, own_key = path.rpartition("/")
    response = [
        live.request("POST", wrong, text(chatwoot.message()))
        for wrong in (f"{start}/{own_key}x", f"{start}/wh_made-up", path.replace("/desk/", "/tables/"), f"{start}/%FF")
    ]
    assert {problem_of(each) for each in response} == {(404, "source_key_wrong")}
    assert len({each.body for each in response}) == 1
    assert problem_of(live.request("POST", f"{path}/", b"")) == (404, "route_unknown")
    assert problem_of(live.request("POST", "/api/v1/webhooks/desk", b"")) == (404, "route_unknown")
    assert live.deliveries("acme", "desk") == []


def test_a_source_that_is_off_or_removed_refuses_deliveries(live: Live, key: str) -> None:
    path = live.source("acme", chatwoot.SOURCE)
    body = text(chatwoot.message())
    stored = EventSource.objects.get()
    update(stored, is_on=False)
    for method in ("POST", "GET"):
        assert problem_of(live.request(method, path, body if method == "POST" else b"")) == (403, "source_off")
    update(stored, is_on=True)
    assert counts(live.request("POST", path, body)) == (1, 0, 0, 0)
    forget_source("acme", "desk")
    assert problem_of(live.request("POST", path, body)) == (404, "source_key_wrong")


def test_a_whatsapp_challenge_is_answered(live: Live, key: str) -> None:
    path = live.source("acme", whatsapp.SOURCE)
    token = EventSource.objects.get().verify_token
    question = f"{path}?hub.mode=subscribe&hub.challenge=115%3C8&hub.verify_token="
    response = live.request("GET", question + token)
    assert (response.status, response.body) == (200, b"115<8")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    for wrong in (question, question + "x", question.replace("subscribe", "other") + token):
        assert problem_of(live.request("GET", wrong)) == (403, "verify_token_wrong")
    assert problem_of(live.request("GET", path + "?" + "a=1&" * 40)) == (413, "parameters_too_many")


def test_a_get_of_an_address_names_the_source_and_not_the_account(live: Live, key: str) -> None:
    response = live.request("GET", live.source("acme", chatwoot.SOURCE))
    assert (response.status, response.json()) == (200, {"source": "desk", "platform": "chatwoot"})


def test_a_cloudevents_handshake_needs_a_valid_address(live: Live, key: str) -> None:
    path = live.source("acme", SAMPLES["cloudevents"][0])
    response = live.request("OPTIONS", path, webhook_request_origin="bots.example")
    assert (response.status, response.headers["webhook-allowed-origin"]) == (200, "bots.example")
    wrong = live.request("OPTIONS", "/api/v1/webhooks/own/wh_made-up", webhook_request_origin="bots.example")
    assert problem_of(wrong) == (404, "source_key_wrong")


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE"])
def test_another_method_is_refused_with_those_allowed(live: Live, key: str, method: str) -> None:
    response = live.request(method, live.source("acme", chatwoot.SOURCE))
    assert problem_of(response) == (405, "method_unknown")
    assert response.headers["allow"] == "POST, GET, OPTIONS"


def test_a_delivery_is_recorded_under_the_platform_s_id_or_ours(live: Live, key: str) -> None:
    path = live.source("acme", chatwoot.SOURCE)
    live.request("POST", path, text(chatwoot.message()), x_request_id="ours")
    live.request("POST", path, text(chatwoot.message()), x_request_id="ours", x_chatwoot_delivery="theirs")
    assert [each.delivery_id for each in live.deliveries("acme", "desk")] == ["theirs", "ours"]
