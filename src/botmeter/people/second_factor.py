"""Second factor: TOTP and recovery codes. django-otp throttles guesses, doubling each wait."""

from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import segno
from django.db import transaction
from django.utils.safestring import SafeString, mark_safe
from django_otp import devices_for_user
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from botmeter.domain.instant import present
from botmeter.people.models import User

RECOVERY_CODE_COUNT: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeResult:
    """Result of a code; `device` is None if it is wrong."""

    device: object = None
    wait_seconds: int = 0


def has_second_factor(user: User) -> bool:
    """Check for a confirmed device."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def with_second_factor(users: Iterable[User]) -> frozenset[int]:
    """Ids of users with a second factor, by one query."""
    devices = TOTPDevice.objects.filter(user__in=[user.pk for user in users], confirmed=True)
    return frozenset(devices.values_list("user_id", flat=True))


def draft_device(user: User) -> TOTPDevice:
    """Unconfirmed device, created once."""
    device: TOTPDevice = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "app"})[0]
    return device


def confirmed(device: TOTPDevice, code: str) -> bool:
    """Confirm the device if the code matches."""
    if not device.verify_token(_plain(code)):
        return False
    device.confirmed = True
    device.save()
    return True


def check_code(user: User, code: str) -> CodeResult:
    """Check a code; a recovery code works once."""
    plain, wait_seconds = _plain(code), 0
    kind = TOTPDevice if plain.isdecimal() else StaticDevice
    with transaction.atomic():
        for device in devices_for_user(user, confirmed=True, for_verify=True):
            if not isinstance(device, kind):
                continue
            is_allowed, details = device.verify_is_allowed()
            if not is_allowed:
                until = (details or {}).get("locked_until")
                wait_seconds = max(wait_seconds, 1 + int((until - present()).total_seconds()) if until else 1)
            elif device.verify_token(plain):
                return CodeResult(device=device)
    return CodeResult(wait_seconds=wait_seconds)


def new_recovery_codes(user: User) -> tuple[str, ...]:
    """Replace the single-use recovery codes."""
    codes = tuple(str(StaticToken.random_token()) for _ in range(RECOVERY_CODE_COUNT))
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="recovery codes", confirmed=True)
        StaticToken.objects.bulk_create([StaticToken(device=device, token=code) for code in codes])
    return codes


def recovery_codes_left(user: User) -> int:
    """Count unused recovery codes."""
    return int(StaticToken.objects.filter(device__user=user).count())


def remove_second_factor(user: User) -> bool:
    """Remove all devices; False if there were none."""
    StaticDevice.objects.filter(user=user).delete()
    return bool(TOTPDevice.objects.filter(user=user).delete()[0])


def key_text(device: TOTPDevice) -> str:
    """Key in groups of four."""
    text = b32encode(device.bin_key).decode()
    return " ".join(text[index : index + 4] for index in range(0, len(text), 4))


def qr_drawing(device: TOTPDevice) -> SafeString:
    """Key as a QR code in SVG."""
    drawing = segno.make(device.config_url, error="m", micro=False).svg_inline(omitsize=True, border=1, svgclass=None)
    return mark_safe(drawing)  # noqa: S308 - drawn by segno from numbers; nobody's text is in it


def _plain(code: str) -> str:
    return code.replace(" ", "").replace("-", "").lower()
