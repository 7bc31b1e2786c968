"""Tables of users and access. Secrets are stored as SHA-256 digests, or sealed if read again."""

from typing import Any, ClassVar, cast

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from botmeter.domain.instant import present
from botmeter.people.rights import EXPORTS_BY_DEFAULT, VIEWER_RIGHTS_TO_MONEY, Right, Role, rights
from botmeter.people.sealing import unsealed

_ROLES = [(role.value, role.label) for role in Role]
_ACCOUNT_LENGTH = 64


class Users(BaseUserManager["User"]):
    """Manager of users."""

    def create_user(self, email: str, *, name: str = "", password: str | None = None) -> "User":
        """Create a user; without a password, sign-in needs a link."""
        user = self.unsaved_user(email, name=name, password=password)
        user.save(using=self._db)
        return user

    def unsaved_user(self, email: str, *, name: str, password: str | None) -> "User":
        """User to save in a transaction, which should not wait for the hash."""
        user = self.model(email=email.strip().lower(), name=name.strip())
        user.set_password(password)
        return user

    def with_password(self) -> "models.QuerySet[User]":
        return self.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """Person who signs in."""

    class Theme(models.TextChoices):
        """Colour theme."""

        SYSTEM = "system"
        LIGHT = "light"
        DARK = "dark"

    # In lower case (`Users.create_user`), so that an address is one user in any spelling.
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=present)
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    has_shortcuts = models.BooleanField(default=True)
    # Part of the session hash: incrementing it signs out everywhere.
    sign_out_count = models.PositiveIntegerField(default=0)
    last_account = models.CharField(max_length=_ACCOUNT_LENGTH, blank=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[Users] = Users()

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        has_new_password = self._password is not None  # type: ignore[attr-defined]
        super().save(*args, **kwargs)
        if has_new_password:
            # Whoever has the link of the first start would own every account without people.
            Link.objects.filter(purpose=Link.Purpose.FIRST_START).delete()

    def sign_out_everywhere(self) -> None:
        User.objects.filter(pk=self.pk).update(sign_out_count=models.F("sign_out_count") + 1)
        self.refresh_from_db(fields=["sign_out_count"])

    def get_session_auth_hash(self) -> str:
        """Session hash, changed by a new password or signing out everywhere."""
        return self._session_hash(secret=None)

    def get_session_auth_fallback_hash(self) -> Any:
        from django.conf import settings

        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._session_hash(secret=secret)

    def _session_hash(self, *, secret: str | bytes | None) -> str:
        state = f"{self.password}:{self.sign_out_count}"
        return salted_hmac("botmeter.session", state, secret=secret, algorithm="sha256").hexdigest()


class AuthenticatorDevice(TOTPDevice):  # type: ignore[misc]
    """Authenticator app whose key is sealed."""

    class Meta:
        """No table of its own."""

        proxy = True

    @property
    def bin_key(self) -> bytes:
        """Unseal the key; raises Unavailable `seal_broken`."""
        key = AuthenticatorKey.objects.get(device=self)
        remedy = "turn off two-factor authentication with `botmeter user link EMAIL --drop-second-step`"
        return bytes.fromhex(unsealed(key.sealed, what=f"the authenticator key of {self.user}", otherwise=remedy))


class AuthenticatorKey(models.Model):
    """Sealed key of an authenticator app, whose device stores none."""

    device = models.OneToOneField(TOTPDevice, on_delete=models.CASCADE, related_name="sealed_key")
    sealed = models.TextField()

    def __str__(self) -> str:
        return f"key of {self.device}"


class RecoveryCode(models.Model):
    """Unused recovery code."""

    device = models.ForeignKey(StaticDevice, on_delete=models.CASCADE, related_name="codes")
    # The codes of a device share a salt.
    digest = models.CharField(max_length=160)

    def __str__(self) -> str:
        return f"code of {self.device}"


class Membership(models.Model):
    """User's role in an account."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    account = models.CharField(max_length=_ACCOUNT_LENGTH, db_index=True)
    role = models.CharField(max_length=16, choices=_ROLES)
    may_export = models.BooleanField()
    created_at = models.DateTimeField(default=present)

    class Meta:
        """Constraints."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "account"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.account}: {self.role}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if cast("bool | None", self.may_export) is None:
            self.may_export = Role(self.role) in EXPORTS_BY_DEFAULT
        super().save(*args, **kwargs)

    @property
    def rights(self) -> frozenset[Right]:
        own = rights(Role(self.role), may_export=self.may_export)
        return own | VIEWER_RIGHTS_TO_MONEY if self.role == Role.VIEWER and self._viewers_see_money else own

    @cached_property
    def _viewers_see_money(self) -> bool:
        return AccountPreference.objects.filter(account=self.account, viewers_see_money=True).exists()


class Link(models.Model):
    """Secret link."""

    class Purpose(models.TextChoices):
        """Purpose of a link."""

        FIRST_START = "first_start"
        SIGN_IN = "sign_in"
        PASSWORD = "password"  # noqa: S105 - the word, not one
        INVITATION = "invitation"

    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="links")
    account = models.CharField(max_length=_ACCOUNT_LENGTH, blank=True)
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=16, choices=_ROLES, blank=True)
    may_export = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=present)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    # The demo's link, printed in a terminal, works repeatedly until it expires.
    is_reusable = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.purpose} {self.email or self.user_id or ''}".strip()


class ApiKey(models.Model):
    """API key of an account."""

    account = models.CharField(max_length=_ACCOUNT_LENGTH, db_index=True)
    name = models.CharField(max_length=100)
    # The first characters, by which people recognise it.
    start = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=present)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.start}… {self.name}"


class EventSource(models.Model):
    """Address, secrets and pull settings of a source."""

    account = models.CharField(max_length=_ACCOUNT_LENGTH, db_index=True)
    # As in the ledger; permanent.
    name = models.CharField(max_length=64)
    platform = models.CharField(max_length=16)
    # First characters and digest of the address key.
    key_start = models.CharField(max_length=12)
    key_digest = models.CharField(max_length=64, unique=True)
    key_made_at = models.DateTimeField(default=present)
    is_on = models.BooleanField(default=True)
    # Sealed signature secret; empty if deliveries are not checked.
    secret = models.TextField(blank=True)
    # Token that a platform echoes on verification; grants no access.
    verify_token = models.CharField(max_length=64, blank=True)
    # Settings for pulling missed events; the token is sealed.
    pull_url = models.CharField(max_length=300, blank=True)
    pull_account = models.CharField(max_length=64, blank=True)
    pull_token = models.TextField(blank=True)
    pull_minutes = models.PositiveIntegerField(null=True)
    pull_result = models.JSONField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=present)

    class Meta:
        """Constraints."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "name"], name="source_name")]

    def __str__(self) -> str:
        return f"{self.name} ({self.platform})"


class SavedView(models.Model):
    """Named report URL."""

    account = models.CharField(max_length=_ACCOUNT_LENGTH, db_index=True)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="views")
    name = models.CharField(max_length=100)
    query = models.TextField()
    is_for_all = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=present)

    class Meta:
        """Constraints."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "owner", "name"], name="view_name")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        # Schedules keep the query of a view that is deleted.
        self.schedules.update(query=self.query)


class DayNote(models.Model):
    """Note on a day of an account's charts."""

    account = models.CharField(max_length=_ACCOUNT_LENGTH, db_index=True)
    # On the calendar of whoever looks: a campaign begins on a date, not at an instant.
    on = models.DateField()
    text = models.CharField(max_length=100)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=present)

    def __str__(self) -> str:
        return f"{self.on}: {self.text}"


class ShareLink(models.Model):
    """Expiring, read-only link to one report view."""

    account = models.CharField(max_length=_ACCOUNT_LENGTH, db_index=True)
    name = models.CharField(max_length=100)
    query = models.TextField()
    # Includes the underlying rows, with IDs of customers and conversations.
    may_see_rows = models.BooleanField(default=False)
    digest = models.CharField(max_length=64, unique=True)
    # Hashed; empty if none is asked for.
    password = models.CharField(max_length=128, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=present)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_opened_at = models.DateTimeField(null=True)
    open_count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class AccountPreference(models.Model):
    """Display defaults of an account's pages, and what its viewers see."""

    account = models.CharField(max_length=_ACCOUNT_LENGTH, unique=True)
    timezone = models.CharField(max_length=64, default="UTC")
    viewers_see_money = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.account}: {self.timezone}"


class AccountTitle(models.Model):
    """Title of an account as last read from its ledger."""

    account = models.CharField(max_length=_ACCOUNT_LENGTH, primary_key=True)
    title = models.CharField(max_length=255)

    def __str__(self) -> str:
        return f"{self.account}: {self.title}"


class AuditEntry(models.Model):
    """Immutable audit entry, kept when its user is deleted."""

    account = models.CharField(max_length=_ACCOUNT_LENGTH, blank=True, db_index=True)
    recorded_at = models.DateTimeField(default=present, db_index=True)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    # Names at the time.
    who = models.CharField(max_length=254)
    action = models.CharField(max_length=40)
    detail = models.JSONField(default=dict)
    address = models.CharField(max_length=45, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.who}: {self.action}"


class AttemptCount(models.Model):
    """Recent attempts of one person, client or address."""

    # Digest of the limit's name and its subject.
    key = models.CharField(max_length=64, primary_key=True)
    attempts = models.PositiveIntegerField(default=0)
    # Before this instant no further attempt is allowed.
    blocked_until = models.DateTimeField()
    # From this instant on the count starts anew, and the row may be deleted.
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.attempts} until {self.ends_at}"
