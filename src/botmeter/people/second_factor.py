"""Second factor: TOTP and recovery codes. django-otp throttles guesses, doubling each wait."""

from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import segno
from django.db import transaction
from django.utils.safestring import SafeString, mark_safe
from django_otp.models import ThrottlingMixin
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import default_key

from botmeter.domain.instant import present
from botmeter.people.models import AuthenticatorDevice, AuthenticatorKey, RecoveryCode, User
from botmeter.people.recovery_codes import code_digest, new_code, new_salt, plain_code, salt_of
from botmeter.people.sealing import sealed

RECOVERY_CODE_COUNT: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeResult:
    """Result of a code; `device` is None if it is wrong."""

    device: object = None
    wait_seconds: int = 0


def has_second_factor(user: User) -> bool:
    """Check for a confirmed device."""
    return AuthenticatorDevice.objects.filter(user=user, confirmed=True).exists()


def with_second_factor(users: Iterable[User]) -> frozenset[int]:
    """Ids of users with a second factor, by one query."""
    devices = AuthenticatorDevice.objects.filter(user__in=[user.pk for user in users], confirmed=True)
    return frozenset(devices.values_list("user_id", flat=True))


def draft_device(user: User) -> AuthenticatorDevice:
    """Unconfirmed device, created once."""
    with transaction.atomic():
        device, is_new = AuthenticatorDevice.objects.get_or_create(
            user=user, confirmed=False, defaults={"name": "app", "key": ""}
        )
        if is_new:
            AuthenticatorKey.objects.create(device=device, sealed=sealed(default_key()))
    return device


def confirmed(device: AuthenticatorDevice, code: str) -> bool:
    """Confirm the device if the code matches."""
    if not device.verify_token(plain_code(code)):
        return False
    device.confirmed = True
    device.save()
    return True


def check_code(user: User, code: str) -> CodeResult:
    """Check a code; a recovery code works once.

    Raises:
        Unavailable: `seal_broken` if the server's key has changed; recovery codes still work.
    """
    plain = plain_code(code)
    return _check_totp(user, plain) if plain.isdecimal() else _check_recovery_code(user, plain)


def _check_totp(user: User, plain: str) -> CodeResult:
    wait_seconds = 0
    with transaction.atomic():
        # Locked, so that parallel guesses wait for each other.
        for device in AuthenticatorDevice.objects.filter(user=user, confirmed=True).select_for_update():
            if wait := _wait_seconds(device):
                wait_seconds = max(wait_seconds, wait)
            elif device.verify_token(plain):
                return CodeResult(device=device)
    return CodeResult(wait_seconds=wait_seconds)


def _check_recovery_code(user: User, plain: str) -> CodeResult:
    device = StaticDevice.objects.filter(user=user, confirmed=True).first()
    code = RecoveryCode.objects.filter(device=device).first() if device else None
    if device is None or code is None:
        return CodeResult()
    if wait := _wait_seconds(device):
        return CodeResult(wait_seconds=wait)
    # Before the transaction, which keeps other writers waiting.
    digest = code_digest(plain, salt=salt_of(code.digest))
    with transaction.atomic():
        device = StaticDevice.objects.select_for_update().get(pk=device.pk)
        if wait := _wait_seconds(device):
            return CodeResult(wait_seconds=wait)
        if not RecoveryCode.objects.filter(device=device, digest=digest).delete()[0]:
            device.throttle_increment()
            return CodeResult()
        device.throttle_reset(commit=False)
        device.set_last_used_timestamp(commit=False)
        device.save()
    return CodeResult(device=device)


def _wait_seconds(device: ThrottlingMixin) -> int:
    is_allowed, details = device.verify_is_allowed()
    if is_allowed:
        return 0
    until = (details or {}).get("locked_until")
    return 1 + int((until - present()).total_seconds()) if until else 1


def new_recovery_codes(user: User) -> tuple[str, ...]:
    """Replace the single-use recovery codes."""
    codes, salt = tuple(new_code() for _ in range(RECOVERY_CODE_COUNT)), new_salt()
    digests = [code_digest(code, salt=salt) for code in codes]
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="recovery codes", confirmed=True)
        RecoveryCode.objects.bulk_create([RecoveryCode(device=device, digest=digest) for digest in digests])
    return codes


def recovery_codes_left(user: User) -> int:
    """Count unused recovery codes."""
    return RecoveryCode.objects.filter(device__user=user).count()


def remove_second_factor(user: User) -> bool:
    """Remove all devices; False if there were none."""
    StaticDevice.objects.filter(user=user).delete()
    return bool(AuthenticatorDevice.objects.filter(user=user).delete()[0])


def key_text(device: AuthenticatorDevice) -> str:
    """Key in groups of four."""
    text = b32encode(device.bin_key).decode()
    return " ".join(text[index : index + 4] for index in range(0, len(text), 4))


def qr_drawing(device: AuthenticatorDevice) -> SafeString:
    """Key as a QR code in SVG."""
    drawing = segno.make(device.config_url, error="m", micro=False).svg_inline(omitsize=True, border=1, svgclass=None)
    return mark_safe(drawing)  # noqa: S308 - drawn by segno from numbers; nobody's text is in it
