"""Forms for sign-in, first start, invitations and profile."""

from typing import Any, Final, cast

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from botmeter.people.models import User
from botmeter.people.rights import Role

_PASSWORD_LENGTH_MAX: Final = 200
_ADDRESS_LENGTH_MAX: Final = 254


def _address(label: str = "Email address", *, autofocus: bool = False) -> forms.EmailField:
    attributes: dict[str, Any] = {"autocomplete": "username", "inputmode": "email", "autocapitalize": "none"}
    widget = forms.EmailInput(attrs={**attributes, **({"autofocus": True} if autofocus else {})})
    return forms.EmailField(label=label, max_length=_ADDRESS_LENGTH_MAX, widget=widget)


def _password(label: str, *, is_new: bool, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password" if is_new else "current-password"})
    return forms.CharField(
        label=label, max_length=_PASSWORD_LENGTH_MAX, strip=False, widget=widget, help_text=help_text
    )


def _name(*, autofocus: bool = False) -> forms.CharField:
    attributes: dict[str, Any] = {"autocomplete": "name", **({"autofocus": True} if autofocus else {})}
    return forms.CharField(label="Your name", max_length=100, widget=forms.TextInput(attrs=attributes))


def _code(label: str, *, help_text: str, autofocus: bool = True) -> forms.CharField:
    attributes: dict[str, Any] = {"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false"}
    widget = forms.TextInput(attrs={**attributes, "class": "code-in", **({"autofocus": True} if autofocus else {})})
    return forms.CharField(label=label, max_length=20, widget=widget, help_text=help_text)


class SignInForm(AuthenticationForm):
    """Email address and password; the error doesn't tell which is wrong."""

    username = _address(autofocus=True)
    password = _password("Password", is_new=False)
    error_messages = {  # noqa: RUF012 - Django's own form of it
        "invalid_login": "Wrong email address or password.",
        "inactive": "Wrong email address or password.",
    }

    def clean_username(self) -> str:
        # One spelling per address, so that guesses are counted together.
        return str(self.cleaned_data["username"]).strip().lower()


class CodeForm(forms.Form):
    """Two-factor code."""

    code = _code("Code", help_text="Six digits from your authenticator app, or a recovery code.")


class NewPasswordForm(forms.Form):
    """A new password."""

    password = _password("New password", is_new=True, help_text="At least 10 characters.")

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        entered = {name: str(cleaned.get(name, "")) for name in ("email", "name")}
        about = self._user or User(email=entered["email"], name=entered["name"])
        try:
            if "password" in cleaned:
                validate_password(str(cleaned["password"]), about)
        except ValidationError as problem:
            self.add_error("password", problem)
        return cleaned


class JoinForm(NewPasswordForm):
    """A new user with an invitation."""

    name = _name(autofocus=True)
    field_order = ("name", "password")


class FirstStartForm(NewPasswordForm):
    """The first user."""

    name = _name(autofocus=True)
    email = _address()
    field_order = ("name", "email", "password", "account_title", "account_name")

    def clean_email(self) -> str:
        address = str(self.cleaned_data["email"]).strip().lower()
        if User.objects.with_password().filter(email=address).exists():
            raise ValidationError("A user with this email address already exists. Sign in instead.")
        return address


def _account_title() -> forms.CharField:
    return forms.CharField(label="Account name", max_length=100, help_text="For example: Maple & Moor")


def _account_name() -> forms.CharField:
    attributes = {"autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(
        label="Account ID",
        max_length=64,
        widget=forms.TextInput(attrs=attributes),
        help_text="Used in addresses and commands: a-z, 0-9, - and _. It can't be changed later.",
    )


# Field of a new account by error code.
FIELD_OF_CODE: Final = {
    "account_name_invalid": "account_name",
    "account_exists": "account_name",
    "title_invalid": "account_title",
}


class NewAccountForm(forms.Form):
    """A new account."""

    account_title = _account_title()
    account_name = _account_name()


class FirstStartWithAccountForm(FirstStartForm):
    """The first user, with the first account."""

    account_title = _account_title()
    account_name = _account_name()


class ResetForm(forms.Form):
    """Email address for a password reset."""

    email = _address(autofocus=True)


class ProfileForm(forms.Form):
    """Name and theme."""

    name = _name()
    theme = forms.ChoiceField(
        label="Theme",
        widget=forms.RadioSelect,
        choices=[("system", "System"), ("light", "Light"), ("dark", "Dark")],
    )


class OwnPasswordForm(forms.Form):
    """Confirmation by password."""

    current_password = _password("Current password", is_new=False)

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user = cast("User", request.user)

    def clean_current_password(self) -> str:
        given = str(self.cleaned_data["current_password"])
        # As at sign-in, so that guesses count here too.
        if authenticate(self.request, username=self.user.email, password=given) is None:
            raise ValidationError("Wrong password.")
        return given


class ChangePasswordForm(OwnPasswordForm):
    """Change of password."""

    password = _password("New password", is_new=True, help_text="At least 10 characters.")

    def clean_password(self) -> str:
        chosen = str(self.cleaned_data["password"])
        validate_password(chosen, self.user)
        return chosen


class SecondFactorForm(OwnPasswordForm):
    """First code of a new device."""

    code = _code("Code from the app", help_text="Six digits.", autofocus=False)
    field_order = ("code", "current_password")


class InviteForm(forms.Form):
    """An invitation."""

    email = forms.EmailField(
        label="Email address",
        max_length=_ADDRESS_LENGTH_MAX,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    role = forms.ChoiceField(label="Role", choices=[(role.value, role.label) for role in Role], initial=Role.ANALYST)
    may_export = forms.BooleanField(label="Can export underlying data", required=False, initial=True)
