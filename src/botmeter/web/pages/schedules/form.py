"""Form of a schedule."""

from typing import Any, Final, cast

from django import forms
from django.core.exceptions import ValidationError

from botmeter.domain.display_name import DISPLAY_NAME_CHARACTERS_MAX, required_name_fault
from botmeter.domain.time_zone import is_timezone
from botmeter.pdf.printing import PDF_NOT_INSTALLED, can_print
from botmeter.people.models import SavedView
from botmeter.people.notifications.schedule_models import Schedule
from botmeter.people.notifications.schedules import FORMATS_OF, FileFormat, Subject
from botmeter.people.notifications.slots import MONTH_DAYS_MAX, WEEKDAYS, Cadence
from botmeter.people.rights import Right
from botmeter.people.saved_views import visible_views
from botmeter.web.access import Visit

STATEMENTS: Final = "statement"
_KEPT: Final = "kept"
_FORMATS: Final = {
    FileFormat.NONE: "No file",
    FileFormat.PDF: "PDF",
    FileFormat.CSV: "CSV",
    FileFormat.XLSX: "XLSX, of reports",
}
_HOURS: Final = [(hour, f"{hour:02}:00") for hour in range(24)]


class ScheduleForm(forms.Form):
    """Settings of a schedule, without its recipients."""

    form_token = forms.RegexField(regex=r"^[0-9a-f]{32}$", widget=forms.HiddenInput)
    name = forms.CharField(
        label="Name", max_length=DISPLAY_NAME_CHARACTERS_MAX, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    report = forms.ChoiceField(label="Report")
    cadence = forms.ChoiceField(
        label="Frequency",
        choices=[(each.value, each.label) for each in Cadence],
        help_text="A report covers the last whole day, week or month, or the closed cycle.",
    )
    weekday = forms.TypedChoiceField(label="Weekday", choices=list(enumerate(WEEKDAYS)), coerce=int)
    month_day = forms.TypedChoiceField(
        label="Day of the month",
        choices=[(day, str(day)) for day in range(1, MONTH_DAYS_MAX + 1)],
        coerce=int,
    )
    hour = forms.TypedChoiceField(label="Time", choices=_HOURS, coerce=int)
    timezone = forms.CharField(
        label="Time zone",
        max_length=64,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
        help_text="Of the time, and of the days that a report covers.",
    )
    file_format = forms.ChoiceField(
        label="Attached file", required=False, choices=[(each.value, label) for each, label in _FORMATS.items()]
    )
    skips_empty = forms.BooleanField(
        label="Skip when empty",
        required=False,
        help_text="Sends no report without sessions, and no statement twice.",
    )

    def __init__(self, *args: Any, visit: Visit, schedule: Schedule | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.views = {f"view-{view.pk}": view for view in visible_views(visit.user, visit.account)}
        choices = [(key, view.name) for key, view in self.views.items()]
        if visit.may(Right.SEE_MONEY):
            choices.append((STATEMENTS, "Statements"))
        if schedule is not None and report_of(schedule) not in dict(choices):
            choices.insert(0, (report_of(schedule), f"{schedule.name}, as it is"))
        cast("forms.ChoiceField", self.fields["report"]).choices = choices
        self.names = dict(choices)

    @property
    def subject(self) -> Subject:
        return Subject.STATEMENT if self.cleaned_data["report"] == STATEMENTS else Subject.VIEW

    @property
    def view(self) -> SavedView | None:
        """Chosen view; None for statements and for an unchanged view."""
        return self.views.get(self.cleaned_data["report"])

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if fault := required_name_fault(name):
            raise ValidationError(f"Invalid name {name[:40]!r} of a schedule: {fault}.")
        return name

    def clean_timezone(self) -> str:
        name = str(self.cleaned_data["timezone"]).strip()
        if not is_timezone(name):
            raise ValidationError(f"{name[:40]!r} is not in the IANA time zone database.")
        return name

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or self.cleaned_data
        if "report" in fields and "file_format" in fields:
            file_format, formats = FileFormat(fields["file_format"]), FORMATS_OF[self.subject]
            if file_format not in formats:
                names = " or ".join(each.value.upper() for each in formats if each)
                self.add_error("file_format", f"A {self.subject.label} has no such file. Choose {names}, or no file.")
            elif file_format is FileFormat.PDF and not can_print():
                self.add_error("file_format", PDF_NOT_INSTALLED)
        return fields


def report_of(schedule: Schedule) -> str:
    """Value of the report's field."""
    if schedule.subject == Subject.STATEMENT:
        return STATEMENTS
    return _KEPT if schedule.view_id is None else f"view-{schedule.view_id}"


def initial_of(schedule: Schedule) -> dict[str, Any]:
    """Form's values for a schedule."""
    names = ("name", "cadence", "weekday", "month_day", "hour", "timezone", "file_format", "skips_empty")
    return {name: getattr(schedule, name) for name in names} | {
        "report": report_of(schedule),
        "form_token": schedule.form_token,
    }
