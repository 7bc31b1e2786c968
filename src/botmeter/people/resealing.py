"""Encryption of stored secrets by the present key, while an earlier one is accepted."""

from typing import Any, Final

from django.conf import settings
from django.db import models

from botmeter.people.models import AuthenticatorKey, EventSource
from botmeter.people.notifications.models import Destination
from botmeter.people.sealing import resealed

_SEALED: Final[tuple[tuple[models.Manager[Any], str], ...]] = (
    (EventSource.objects, "secret"),
    (EventSource.objects, "pull_token"),
    (AuthenticatorKey.objects, "sealed"),
    (Destination.objects, "sealed_url"),
    (Destination.objects, "sealed_secret"),
    (Destination.objects, "sealed_old_secret"),
)


def reseal_secrets() -> int:
    """Encrypt all sealed secrets anew; return their number."""
    if not settings.SECRET_KEY_FALLBACKS:
        return 0
    count = 0
    for rows, column in _SEALED:
        for number, text in rows.exclude(**{column: ""}).values_list("pk", column):
            new = resealed(text)
            # Unless another server has stored another secret meanwhile.
            count += new != text and rows.filter(pk=number, **{column: text}).update(**{column: new})
    return count
