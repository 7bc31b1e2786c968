"""Signatures of deliveries: HMAC with and without a timestamp, RSA, and keys as people paste them."""

import base64
import hmac

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from botmeter.domain.errors import NotAllowed, Refused
from botmeter.sources.payloads.payload import Delivery
from botmeter.sources.payloads.signatures import check_hmac, check_rsa, public_key
from botmeter.sources.platforms.registry import connector_of

BODY = '{"content": "어디에 있나요? 😊"}'.encode()
RECEIVED_S = 1_790_000_000
SECRET = "maple-ø"  # noqa: S105 - of the tests alone
PLAIN = {"header": "x-hub-signature-256", "prefix": "sha256="}
TIMED = {"header": "x-chatwoot-signature", "prefix": "sha256=", "timestamp_header": "x-chatwoot-timestamp"}
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
RSA_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()


def delivery(body: bytes = BODY, **headers: str) -> Delivery:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery(body=body, headers=named, received_us=RECEIVED_S * 1_000_000)


def signed(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()


def timed(*, at_s: int, body: bytes = BODY) -> Delivery:
    signature = signed(str(at_s).encode() + b"." + BODY)
    return delivery(body, x_chatwoot_signature=signature, x_chatwoot_timestamp=str(at_s))


def refusal(sent: Delivery, secret: str = SECRET, *, form: dict[str, str] = PLAIN) -> str:
    with pytest.raises(NotAllowed) as caught:
        check_hmac(sent, secret, **form)
    assert secret not in caught.value.message
    return caught.value.code


def rsa_signed(body: bytes = BODY) -> str:
    return base64.b64encode(KEY.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()


def test_a_body_that_the_secret_signed_is_let_in() -> None:
    check_hmac(delivery(x_hub_signature_256=signed(BODY)), SECRET, **PLAIN)
    check_hmac(delivery(x_hub_signature_256=signed(BODY).upper().replace("SHA", "sha")), SECRET, **PLAIN)


def test_another_secret_another_body_or_another_form_is_wrong() -> None:
    good = signed(BODY)
    assert refusal(delivery(x_hub_signature_256=good), "other") == "signature_wrong"
    assert refusal(delivery(BODY + b" ", x_hub_signature_256=good)) == "signature_wrong"
    for wrong in (good.removeprefix("sha256="), good[:-1], "sha256=", "sha1=" + good[7:], "é"):
        assert refusal(delivery(x_hub_signature_256=wrong)) == "signature_wrong"


def test_bytes_are_signed_and_not_what_they_mean() -> None:
    escaped = b'{"content": "\\uc5b4\\ub514"}'
    raw = '{"content": "어디"}'.encode()
    check_hmac(delivery(raw, x_hub_signature_256=signed(raw)), SECRET, **PLAIN)
    assert refusal(delivery(raw, x_hub_signature_256=signed(escaped))) == "signature_wrong"


def test_without_a_signature_or_its_instant_nothing_is_let_in() -> None:
    assert refusal(delivery()) == "signature_missing"
    assert refusal(delivery(x_chatwoot_signature=signed(BODY)), form=TIMED) == "signature_missing"


@pytest.mark.parametrize("away_s", [0, 300, -300])
def test_an_instant_within_the_window_is_let_in(away_s: int) -> None:
    check_hmac(timed(at_s=RECEIVED_S + away_s), SECRET, **TIMED)


@pytest.mark.parametrize("away_s", [301, -301, -86_400])
def test_a_delivery_signed_long_before_receipt_is_rejected(away_s: int) -> None:
    assert refusal(timed(at_s=RECEIVED_S + away_s), form=TIMED) == "delivery_too_old"


def test_the_instant_is_signed_too() -> None:
    old = timed(at_s=RECEIVED_S - 9_000)
    fresh = delivery(x_chatwoot_signature=old.headers["x-chatwoot-signature"], x_chatwoot_timestamp=str(RECEIVED_S))
    assert refusal(fresh, form=TIMED) == "signature_wrong"


@pytest.mark.parametrize("instant", ["soon", "1.5", "٣", "9" * 5000])
def test_an_instant_that_is_no_number_is_too_old(instant: str) -> None:
    sent = delivery(x_chatwoot_signature=signed(instant.encode() + b"." + BODY), x_chatwoot_timestamp=instant)
    assert refusal(sent, form=TIMED) == "delivery_too_old"


@pytest.mark.parametrize(
    "pem",
    [PEM, RSA_PEM, PEM.replace("\n", " "), PEM.replace("\n", "\\n"), "".join(PEM.splitlines()[1:-1]), f"  {PEM}\r\n"],
)
def test_a_key_is_read_however_it_was_pasted(pem: str) -> None:
    check_rsa(delivery(x_freshchat_signature=rsa_signed()), pem, header="x-freshchat-signature")


@pytest.mark.parametrize("sent", ["", "no base64!", base64.b64encode(b"short").decode(), rsa_signed(b"another")])
def test_a_signature_of_another_key_or_body_is_wrong(sent: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        check_rsa(delivery(x_freshchat_signature=sent), PEM, header="x-freshchat-signature")
    assert caught.value.code == ("signature_wrong" if sent else "signature_missing")


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "secret",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        "\ud800",
    ],
)
def test_what_is_no_rsa_key_is_refused(pem: str) -> None:
    with pytest.raises(Refused) as caught:
        public_key(pem)
    assert caught.value.code == "secret_invalid"


def test_chatwoot_signs_an_instant_and_the_body_and_names_the_delivery() -> None:
    connector = connector_of("chatwoot")
    assert connector.secret is not None
    connector.secret.check(timed(at_s=RECEIVED_S), SECRET)
    assert connector.delivery_id_header == "x-chatwoot-delivery"


def test_freshchat_signs_the_body_with_rsa_and_names_no_delivery() -> None:
    connector = connector_of("freshchat")
    assert connector.secret is not None
    connector.secret.check(delivery(x_freshchat_signature=rsa_signed()), PEM)
    assert connector.delivery_id_header == ""
