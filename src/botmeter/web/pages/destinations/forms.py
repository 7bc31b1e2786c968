"""Forms of destinations, validated by `people.notifications`."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.http import QueryDict

from botmeter.domain.display_name import DISPLAY_NAME_CHARACTERS_MAX
from botmeter.people.notifications.destination_url import URL_CHARACTERS_MAX
from botmeter.people.notifications.destinations import FOLDER_CHARACTERS_MAX, SUBSCRIBED_TOPICS, DestinationDraft
from botmeter.people.notifications.models import Destination
from botmeter.people.notifications.topics import Channel, Topic

KIND_LABELS: Final = {Channel.WEBHOOK: "Webhook", Channel.CHAT: "Chat channel", Channel.FOLDER: "Folder"}
FIELD_OF_CODE: Final = {
    "destination_name_invalid": "name",
    "destination_exists": "name",
    "destination_url_invalid": "url",
    "destination_url_missing": "url",
    "destination_address_forbidden": "url",
    "destination_folder_invalid": "folder",
    "report_dir_missing": "folder",
}
_PLAIN: Final = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
_URL_HELP: Final = {
    Channel.WEBHOOK: "Events are posted here as JSON, signed by the Standard Webhooks specification.",
    Channel.CHAT: "Incoming webhook of a channel in Slack, Mattermost or Rocket.Chat. It is not shown again.",
}
_OLD_SECRET: Final = {
    "now": ("Immediately", timedelta(0)),
    "hour": ("In an hour", timedelta(hours=1)),
    "day": ("In a day", timedelta(days=1)),
    "week": ("In a week", timedelta(days=7)),
}


class DestinationForm(forms.Form):
    """Settings of a destination; its fields are those of its kind."""

    name = forms.CharField(
        label="Name",
        max_length=DISPLAY_NAME_CHARACTERS_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="As alerts and schedules list it.",
    )
    url = forms.CharField(label="URL", max_length=URL_CHARACTERS_MAX, widget=forms.TextInput(attrs=_PLAIN))
    folder = forms.CharField(
        label="Folder",
        required=False,
        max_length=FOLDER_CHARACTERS_MAX,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text="Such as finance/monthly, inside this account's folder on the server. Empty: that folder itself.",
    )
    topics = forms.MultipleChoiceField(
        label="Events",
        required=False,
        choices=[(topic.value, topic.label) for topic in SUBSCRIBED_TOPICS],
        widget=forms.CheckboxSelectMultiple,
        help_text="Sent here whenever they happen. Alerts and scheduled reports come if they list this destination.",
    )

    def __init__(self, data: QueryDict | None, *, kind: Channel, row: Destination | None = None) -> None:
        initial = {} if row is None else {"name": row.name, "folder": row.folder, "topics": row.topics}
        super().__init__(data, initial=initial)
        self._kind = kind
        for name in ("url", "topics") if kind is Channel.FOLDER else ("folder",):
            del self.fields[name]
        if kind is not Channel.FOLDER:
            url = self.fields["url"]
            url.help_text = _URL_HELP[kind]
            if row is not None:
                url.required, url.help_text = False, f"Leave empty to keep {row.shown_url}"

    def draft(self) -> DestinationDraft:
        values: dict[str, Any] = self.cleaned_data
        return DestinationDraft(
            name=values["name"],
            kind=self._kind,
            url=values.get("url", ""),
            folder=values.get("folder", ""),
            topics=tuple(Topic(each) for each in values.get("topics", ())),
        )


class RotationForm(forms.Form):
    """Expiry of the old secret."""

    lives_on = forms.ChoiceField(
        label="Old secret expires",
        choices=[(value, label) for value, (label, _) in _OLD_SECRET.items()],
        initial="day",
        help_text="Until then, each request has a signature by both.",
    )

    def lasting(self) -> timedelta:
        return _OLD_SECRET[self.cleaned_data["lives_on"]][1]
