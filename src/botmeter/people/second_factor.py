"""Second factor: TOTP and recovery codes. `guesses` limits wrong ones."""

from base64 import b32encode
from collections.abc import Iterable
from typing import Final

import segno
from django.db import transaction
from django.utils.safestring import SafeString, mark_safe
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import default_key

from botmeter.people.models import AuthenticatorDevice, AuthenticatorKey, RecoveryCode, User
from botmeter.people.password_hashing import pool
from botmeter.people.recovery_codes import code_digest, new_code, new_salt, plain_code, salt_of
from botmeter.people.sealing import sealed

RECOVERY_CODE_COUNT: Final = 10


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


def device_of_code(user: User, code: str) -> object | None:
    """Device that accepts the code, or None; a recovery code works once.

    Raises:
        Unavailable: `seal_broken` for a changed server key, although recovery codes still work;
            `passwords_busy`.
    """
    plain = plain_code(code)
    return _device_of_totp(user, plain) if plain.isdecimal() else _device_of_recovery_code(user, plain)


def _device_of_totp(user: User, plain: str) -> AuthenticatorDevice | None:
    with transaction.atomic():
        # Locked, so that a code works once.
        devices = AuthenticatorDevice.objects.filter(user=user, confirmed=True).select_for_update()
        return next((device for device in devices if device.verify_token(plain)), None)


def _device_of_recovery_code(user: User, plain: str) -> StaticDevice | None:
    code = RecoveryCode.objects.filter(device__user=user, device__confirmed=True).select_related("device").first()
    if code is None:
        return None
    digest = pool.run(lambda: code_digest(plain, salt=salt_of(code.digest)))
    is_right = RecoveryCode.objects.filter(device=code.device, digest=digest).delete()[0]
    return code.device if is_right else None


def new_recovery_codes(user: User) -> tuple[str, ...]:
    """Replace the single-use recovery codes."""
    codes, salt = tuple(new_code() for _ in range(RECOVERY_CODE_COUNT)), new_salt()
    digests = pool.run(lambda: [code_digest(code, salt=salt) for code in codes])
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
