"""Forms of the source pages, validated by the domain. Their field IDs differ, so that they can share a page."""

from dataclasses import replace
from typing import Any, Final

from django import forms
from django.http import QueryDict

from botmeter.domain.source import BotIdentity, Source
from botmeter.people.models import EventSource
from botmeter.people.source_pulls import PullSettings, present_token
from botmeter.sources.payloads.connector import ConnectorOption, SignatureSecret
from botmeter.sources.payloads.crawlers import PullApi
from botmeter.sources.platforms.registry import connector_of, connectors

_PLAIN: Final = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
_LENGTH_MAX: Final = 512
_SECRET_LENGTH_MAX: Final = 8_192
_OPTION: Final = "option_"


def _text(label: str, *, help_text: str = "", required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=_LENGTH_MAX,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=help_text,
    )


class NewSourceForm(forms.Form):
    """New source."""

    platform = forms.ChoiceField(
        label="Platform", choices=lambda: [(each.platform, each.label) for each in connectors()]
    )
    name = forms.CharField(
        label="Name",
        max_length=64,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text="A-Z, a-z, 0-9, dot, - and _. It is part of the address and can't be changed later.",
    )

    def source(self) -> Source:
        return Source(name=self.cleaned_data["name"], platform=self.cleaned_data["platform"])


class BotForm(forms.Form):
    """Default bot."""

    bot_id = _text(
        "Bot ID", help_text="For messages that name no bot. Choose a known bot or enter the ID of a new one."
    )
    bot_name = _text("Bot name", help_text="As reports show it. Empty: its ID.")

    def __init__(self, data: QueryDict | None, *, auto_id: str, source: Source) -> None:
        super().__init__(data, auto_id=auto_id, initial={"bot_id": source.bot_id, "bot_name": source.bot_name})
        self.fields["bot_id"].widget.attrs["list"] = "known-bots"

    def changed_source(self, source: Source) -> Source:
        values = {name: str(value).strip() or None for name, value in self.cleaned_data.items()}
        return replace(source, bot_id=values["bot_id"], bot_name=values["bot_name"])


class SettingsForm(forms.Form):
    """Other defaults of events, and the platform's options."""

    bot_version = _text("Default version", help_text="For bots whose version the platform does not send.")
    channel = _text("Default channel", help_text="For events that name no channel, such as web.")

    def __init__(self, data: QueryDict | None, *, auto_id: str, source: Source) -> None:
        self._options = connector_of(source.platform).options
        initial: dict[str, object] = {"bot_version": source.bot_version, "channel": source.channel}
        for option in self._options:
            value = source.option(option.name)
            initial[f"{_OPTION}{option.name}"] = value is not None if option.is_switch else value
        super().__init__(data, auto_id=auto_id, initial=initial)
        self.fields |= {f"{_OPTION}{option.name}": _option_field(option) for option in self._options}
        self.fields["channel"].widget.attrs["list"] = "known-channels"

    def changed_source(self, source: Source) -> Source:
        values = self.cleaned_data
        options = ((option.name, _option_value(option, values[f"{_OPTION}{option.name}"])) for option in self._options)
        return replace(
            source,
            bot_version=values["bot_version"].strip() or None,
            channel=values["channel"].strip() or None,
            options=tuple((name, value) for name, value in options if value),
        )


def _option_field(option: ConnectorOption) -> forms.Field:
    if option.is_switch:
        return forms.BooleanField(
            label=option.label,
            help_text=option.help,
            required=False,
            widget=forms.CheckboxInput(attrs={"role": "switch"}),
        )
    if option.values:
        return forms.ChoiceField(label=option.label, help_text=option.help, required=False, choices=option.values)
    return _text(option.label, help_text=option.help)


def _option_value(option: ConnectorOption, value: object) -> str:
    """Value to store; empty for the default."""
    if option.is_switch:
        return option.codes[0] if value else ""
    text = str(value).strip()
    return "" if option.values and text == option.values[0][0] else text


class SecretForm(forms.Form):
    """Signature secret, never shown again."""

    secret = forms.CharField(max_length=_SECRET_LENGTH_MAX, strip=True)

    def __init__(self, data: QueryDict | None, *, auto_id: str, secret: SignatureSecret) -> None:
        super().__init__(data, auto_id=auto_id)
        field, attributes = self.fields["secret"], {**_PLAIN, "autocomplete": "new-password"}
        field.label, field.help_text = secret.label, secret.help
        field.widget = (
            forms.Textarea(attrs={**attributes, "rows": "4"}) if secret.is_long else forms.PasswordInput(attributes)
        )


class IdentityForm(forms.Form):
    """Bot identity."""

    sender = _text("Sender", required=True)
    bot_id = forms.CharField(
        label="Bot ID", max_length=_LENGTH_MAX, widget=forms.TextInput(attrs={**_PLAIN, "list": "known-bots"})
    )
    bot_name = _text("Bot name")
    bot_version = _text("Bot version", help_text="Leave empty for the default version.")

    def __init__(self, data: QueryDict | None, *, auto_id: str, source: Source) -> None:
        super().__init__(data, auto_id=auto_id)
        self.fields["sender"].help_text = f"{connector_of(source.platform).sender}."

    def identity(self) -> BotIdentity:
        values = {name: str(value).strip() for name, value in self.cleaned_data.items()}
        return BotIdentity(
            sender=values["sender"],
            bot_id=values["bot_id"],
            bot_name=values["bot_name"] or None,
            bot_version=values["bot_version"] or None,
        )


class PullForm(forms.Form):
    """Settings of pulls."""

    url = _text("API address", required=True)
    own_account = _text("Account", required=True)
    token = forms.CharField(
        label="Token",
        required=False,
        max_length=_LENGTH_MAX,
        widget=forms.PasswordInput(attrs={**_PLAIN, "autocomplete": "new-password"}),
        help_text="Leave empty to keep the current token.",
    )
    every = forms.ChoiceField(
        label="Schedule",
        required=False,
        choices=[
            ("", "On request only"),
            ("15", "Every 15 minutes"),
            ("60", "Every hour"),
            ("360", "Every six hours"),
            ("1440", "Every day"),
        ],
    )

    def __init__(self, data: QueryDict | None, *, auto_id: str, address: EventSource, api: PullApi) -> None:
        every = "" if address.pull_minutes is None else str(address.pull_minutes)
        initial = {"url": address.pull_url, "own_account": address.pull_account, "every": every}
        super().__init__(data, auto_id=auto_id, initial=initial)
        self._address = address
        if api.account_help:
            self.fields["own_account"].help_text = api.account_help
        else:
            del self.fields["own_account"]
        if not address.pull_token:
            self.fields["token"].required = True
            self.fields["token"].help_text = ""

    def settings(self) -> PullSettings:
        values, address = self.cleaned_data, self._address
        return PullSettings(
            account=address.account,
            source=address.name,
            platform=address.platform,
            url=values["url"],
            own_account=values.get("own_account", "").strip(),
            token=values["token"].strip() or present_token(address),
            every_minutes=int(values["every"]) if values["every"] else None,
        )


def source_forms(source: Source, address: EventSource | None, *, action: str, data: QueryDict) -> dict[str, forms.Form]:
    """Build a source page's forms by action; `data` fills the submitted one."""
    connector = connector_of(source.platform)
    kinds: dict[str, tuple[type[forms.Form], dict[str, Any]]] = {
        "bot": (BotForm, {"source": source}),
        "settings": (SettingsForm, {"source": source}),
        "identity-add": (IdentityForm, {"source": source}),
    }
    if address is not None and connector.secret is not None:
        kinds["secret"] = (SecretForm, {"secret": connector.secret})
    if address is not None and connector.pull is not None:
        kinds["pull"] = (PullForm, {"address": address, "api": connector.pull})
    return {
        name: kind(data if name == action else None, auto_id=f"{name}_%s", **options)
        for name, (kind, options) in kinds.items()
    }
