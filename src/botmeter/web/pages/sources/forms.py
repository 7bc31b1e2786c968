"""The forms of sources. What can't be is refused by the domain, in one place for pages and commands.

Several stand on one page, so that each gives its fields ids of its own.
"""

from dataclasses import replace
from typing import Any, Final

from django import forms

from botmeter.domain.source import BotIdentity, Source
from botmeter.people.models import EventSource
from botmeter.people.source_pulls import PullSettings, present_token
from botmeter.sources.crawlers import PullApi
from botmeter.sources.platforms.registry import connector_of, connectors

_PLAIN: Final = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
_LENGTH_MAX: Final = 512
_SECRET_LENGTH_MAX: Final = 8_192
_OPTION = "option_"
_SCHEDULES: Final = (("", "Only when somebody says so"), ("15", "Every quarter of an hour"), ("60", "Every hour"))


def _text(label: str, *, help_text: str = "", required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=_LENGTH_MAX,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=help_text,
    )


class NewSourceForm(forms.Form):
    """What sends the events, and what the source is called."""

    platform = forms.ChoiceField(
        label="Platform", choices=lambda: [(each.platform, each.label) for each in connectors()]
    )
    name = forms.CharField(
        label="Name",
        max_length=64,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text="A-Z, a-z, 0-9, dot, - and _. It stands in the address and can't be changed: events are known by it.",
    )

    def source(self) -> Source:
        """The source that is asked for."""
        return Source(name=self.cleaned_data["name"], platform=self.cleaned_data["platform"])


class SettingsForm(forms.Form):
    """What stands for what the platform leaves out, and its own options."""

    bot_id = _text(
        "Default bot, its id", help_text="Of customers' and bots' messages that name none. Without a bot none counts."
    )
    bot_name = _text("Its name")
    bot_version = _text("Default version", help_text="Of bots whose version the platform does not tell.")
    channel = _text("Default channel", help_text="Of events that name none, such as web.")

    def __init__(self, *args: Any, source: Source) -> None:
        names = ("bot_id", "bot_name", "bot_version", "channel")
        given = {name: getattr(source, name) or "" for name in names}
        given |= {f"{_OPTION}{name}": value for name, value in source.options}
        super().__init__(*args)
        self.auto_id = "said_%s"
        self.initial = given
        self._options = [option.name for option in connector_of(source.platform).options]
        for option in connector_of(source.platform).options:
            field = _text(option.label, help_text=option.help)
            field.max_length = None
            self.fields[f"{_OPTION}{option.name}"] = field

    def changed_source(self, source: Source) -> Source:
        """The source as the form has it."""
        said = {name: str(value).strip() or None for name, value in self.cleaned_data.items()}
        options = tuple((name, value) for name in self._options if (value := said[f"{_OPTION}{name}"]) is not None)
        return replace(
            source,
            bot_id=said["bot_id"],
            bot_name=said["bot_name"],
            bot_version=said["bot_version"],
            channel=said["channel"],
            options=options,
        )


class SecretForm(forms.Form):
    """What signs the deliveries. It is never shown again."""

    secret = forms.CharField(max_length=_SECRET_LENGTH_MAX, strip=True)

    def __init__(self, *args: Any, platform: str) -> None:
        super().__init__(*args)
        self.auto_id = "signed_%s"
        fact = connector_of(platform).secret
        field = self.fields["secret"]
        if fact is not None:
            field.label, field.help_text = fact.label, fact.help
            is_long = fact.is_long
        else:
            is_long = False
        plain = {**_PLAIN, "autocomplete": "new-password"}
        field.widget = forms.Textarea(attrs={**plain, "rows": "4"}) if is_long else forms.PasswordInput(attrs=plain)


class IdentityForm(forms.Form):
    """A sender that is a bot."""

    sender = _text("Sender", required=True)
    bot_id = _text("Bot, its id", required=True)
    bot_name = _text("Its name")
    bot_version = _text("Its version", help_text="Left empty: the default version.")

    def __init__(self, *args: Any, platform: str) -> None:
        super().__init__(*args)
        self.auto_id = "identity_%s"
        self.fields["sender"].help_text = f"{connector_of(platform).sender}."

    def identity(self) -> BotIdentity:
        """The identity that is asked for."""
        given = {name: str(value).strip() for name, value in self.cleaned_data.items()}
        return BotIdentity(
            sender=given["sender"],
            bot_id=given["bot_id"],
            bot_name=given["bot_name"] or None,
            bot_version=given["bot_version"] or None,
        )


class PullForm(forms.Form):
    """Where the platform is asked for what it did not deliver."""

    url = _text("Address of the API", required=True)
    own_account = _text("Account", required=True)
    token = forms.CharField(
        label="Token",
        required=False,
        max_length=_LENGTH_MAX,
        widget=forms.PasswordInput(attrs={**_PLAIN, "autocomplete": "new-password"}),
        help_text="Left empty, the present one stays.",
    )
    every = forms.ChoiceField(
        label="Ask",
        required=False,
        choices=[*_SCHEDULES, ("360", "Every six hours"), ("1440", "Every day")],
    )

    def __init__(self, *args: Any, address: EventSource, api: PullApi) -> None:
        every = "" if address.pull_minutes is None else str(address.pull_minutes)
        super().__init__(*args)
        self.auto_id = "pull_%s"
        self.initial = {"url": address.pull_url, "own_account": address.pull_account, "every": every}
        self._address = address
        if api.account_help:
            self.fields["own_account"].help_text = api.account_help
        else:
            del self.fields["own_account"]
        if not address.pull_token:
            self.fields["token"].required = True
            self.fields["token"].help_text = ""

    def settings(self) -> PullSettings:
        """The settings that are asked for."""
        given, address = self.cleaned_data, self._address
        return PullSettings(
            account=address.account,
            source=address.name,
            platform=address.platform,
            url=given["url"],
            own_account=given.get("own_account", "").strip(),
            token=given["token"].strip() or present_token(address),
            every_minutes=int(given["every"]) if given["every"] else None,
        )
