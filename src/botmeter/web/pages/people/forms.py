"""Forms for sign-in, first start, invitations and profile."""

from collections.abc import Sequence
from typing import Any, Final, cast

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from botmeter.people.display_names import validate_display_name
from botmeter.people.guesses import device_with_code, user_with_password
from botmeter.people.members import MemberRole
from botmeter.people.models import User
from botmeter.people.rights import EXPORTS_BY_DEFAULT, Role

_PASSWORD_LENGTH_MAX: Final = 200
_ADDRESS_LENGTH_MAX: Final = 254


class EmailField(forms.EmailField):
    """Email address in lower case, so that a user has one spelling."""

    # Django's allows all letters of international domains, and bidirectional controls among them.
    default_validators = [*forms.EmailField.default_validators, validate_display_name]  # noqa: RUF012 - as Django's

    def __init__(self, *, autocomplete: str = "username") -> None:
        attributes = {"autocomplete": autocomplete, "inputmode": "email", "autocapitalize": "none"}
        super().__init__(
            label="Email address", max_length=_ADDRESS_LENGTH_MAX, widget=forms.EmailInput(attrs=attributes)
        )

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").lower()


def _password(label: str, *, is_new: bool, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password" if is_new else "current-password"})
    return forms.CharField(
        label=label, max_length=_PASSWORD_LENGTH_MAX, strip=False, widget=widget, help_text=help_text
    )


def _name() -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "name"})
    return forms.CharField(label="Your name", max_length=100, widget=widget, validators=[validate_display_name])


def _code(label: str, *, help_text: str) -> forms.CharField:
    attributes = {"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false", "class": "code-in"}
    return forms.CharField(label=label, max_length=20, widget=forms.TextInput(attrs=attributes), help_text=help_text)


class SignInForm(AuthenticationForm):
    """Email address and password; the error doesn't tell which is wrong."""

    username = EmailField()
    password = _password("Password", is_new=False)
    error_messages = {  # noqa: RUF012 - Django's own form of it
        "invalid_login": "Wrong email address or password.",
        "inactive": "Wrong email address or password.",
    }

    def clean(self) -> dict[str, Any]:
        email, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if email and password and self.request is not None:
            self.user_cache = user_with_password(self.request, email=email, password=password)
            if self.user_cache is None:
                raise self.get_invalid_login_error()
        return self.cleaned_data


class CodeForm(forms.Form):
    """Two-factor code."""

    code = _code("Code", help_text="Six digits from your authenticator app, or a recovery code.")


class NewPasswordForm(forms.Form):
    """New password."""

    password = _password("New password", is_new=True, help_text="At least 10 characters.")

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        user = self._user or User(email=cleaned.get("email", ""), name=cleaned.get("name", ""))
        try:
            if "password" in cleaned:
                validate_password(str(cleaned["password"]), user)
        except ValidationError as problem:
            self.add_error("password", problem)
        return cleaned


class JoinForm(NewPasswordForm):
    """New user with an invitation."""

    name = _name()
    field_order = ("name", "password")


class FirstStartForm(NewPasswordForm):
    """First user."""

    name = _name()
    email = EmailField()
    field_order = ("name", "email", "password", "account_title", "account_name")


# Field of a new account by error code.
FIELD_OF_CODE: Final = {
    "account_name_invalid": "account_name",
    "account_exists": "account_name",
    "title_invalid": "account_title",
}


class NewAccountForm(forms.Form):
    """New account."""

    account_title = forms.CharField(label="Account name", max_length=100, help_text="For example: Maple & Moor")
    account_name = forms.CharField(
        label="Account ID",
        max_length=64,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text="Used in addresses and commands: a-z, 0-9, - and _. It can't be changed later.",
    )


class FirstStartWithAccountForm(FirstStartForm, NewAccountForm):
    """First user, with the first account."""


class ResetForm(forms.Form):
    """Password reset."""

    email = EmailField()


class ProfileForm(forms.Form):
    """Name, theme and keyboard shortcuts."""

    name = _name()
    theme = forms.ChoiceField(
        label="Theme",
        widget=forms.RadioSelect,
        choices=[("system", "System"), ("light", "Light"), ("dark", "Dark")],
    )
    # Speech input types letters that nobody pressed (WCAG 2.1.4).
    has_shortcuts = forms.BooleanField(
        label="Single-key shortcuts",
        required=False,
        help_text="Letters choose a period in the report; j and k move through rows.",
    )


class OwnPasswordForm(forms.Form):
    """Confirmation by password."""

    current_password = _password("Current password", is_new=False)

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user = cast("User", request.user)

    def clean_current_password(self) -> str:
        password = str(self.cleaned_data["current_password"])
        # As at sign-in, so that guesses count here too.
        if user_with_password(self.request, email=self.user.email, password=password) is None:
            raise ValidationError("Wrong password.")
        return password


class EndSessionsForm(OwnPasswordForm):
    """Choice of sessions to end."""

    sessions = forms.MultipleChoiceField(label="Other browsers", widget=forms.CheckboxSelectMultiple)
    field_order = ("sessions", "current_password")

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        # The page has another form with a password.
        super().__init__(*args, auto_id="sessions_%s", **kwargs)
        cast("forms.MultipleChoiceField", self.fields["sessions"]).choices = choices


class ChangePasswordForm(OwnPasswordForm):
    """Change of password."""

    password = _password("New password", is_new=True, help_text="At least 10 characters.")

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password, self.user)
        return password


class SecondFactorChangeForm(OwnPasswordForm):
    """Confirmation by both factors."""

    code = _code("Code", help_text="Six digits from your authenticator app, or a recovery code.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        # After the password, so that a wrong one uses up no code.
        if not self.errors and device_with_code(self.request, self.user, code=cleaned["code"]) is None:
            self.add_error("code", "The code is wrong or was already used.")
        return cleaned


class SecondFactorForm(OwnPasswordForm):
    """First code of a new device."""

    code = _code("Code from the app", help_text="Six digits.")
    field_order = ("code", "current_password")


def _role() -> forms.ChoiceField:
    return forms.ChoiceField(label="Role", choices=[(role.value, role.label) for role in Role], initial=Role.ANALYST)


class RoleForm(forms.Form):
    """Role of a member."""

    role = _role()
    may_export = forms.BooleanField(label="Can export underlying data", required=False)

    def member_role(self) -> MemberRole:
        return MemberRole(role=Role(self.cleaned_data["role"]), may_export=self.cleaned_data["may_export"])


class InviteForm(forms.Form):
    """Invitation; the role decides about exports unless the form does."""

    email = EmailField(autocomplete="off")
    role = _role()
    export = forms.ChoiceField(
        label="Export of underlying data",
        required=False,
        choices=[("", "Default for the role"), ("yes", "Allowed"), ("no", "Not allowed")],
        help_text="By default, all roles except viewers can export.",
    )

    def member_role(self) -> MemberRole:
        role, export = Role(self.cleaned_data["role"]), self.cleaned_data["export"]
        return MemberRole(role=role, may_export=export == "yes" if export else role in EXPORTS_BY_DEFAULT)
