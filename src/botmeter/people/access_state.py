"""State of API keys and share links."""

from enum import StrEnum

from botmeter.domain.instant import present
from botmeter.people.models import ApiKey, ShareLink


class AccessState(StrEnum):
    """State of a key or a link."""

    WORKS = "works"
    EXPIRED = "expired"
    REVOKED = "revoked"

    @property
    def label(self) -> str:
        return "Active" if self is AccessState.WORKS else self.value.capitalize()


def state_of(access: ApiKey | ShareLink) -> AccessState:
    """Present state."""
    if access.revoked_at is not None:
        return AccessState.REVOKED
    is_over = access.expires_at is not None and access.expires_at <= present()
    return AccessState.EXPIRED if is_over else AccessState.WORKS
