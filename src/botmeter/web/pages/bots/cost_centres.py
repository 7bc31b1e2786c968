"""Cost centres of bots and channels, each set from a day on."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.cost_centre import CostCentres, CostCentreTerm
from botmeter.domain.display_name import DISPLAY_NAME_CHARACTERS_MAX
from botmeter.domain.instant import datetime_from_us
from botmeter.domain.instant import now_us as present_us
from botmeter.domain.period import day_of_us
from botmeter.ledger.billing.cost_centres import cost_centre_terms, set_cost_centre
from botmeter.ledger.settings import named_bots
from botmeter.people.audit import Action
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.day_field import DayField
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.rendering import rendered
from botmeter.web.report_address import ReportAddress

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_NONE: Final = "None"
# Before the name of a bot or channel in the form's choice.
_BOT, _CHANNEL = "bot:", "channel:"


class CostCentreForm(forms.Form):
    """Cost centre from a day on."""

    subject = forms.ChoiceField(label="Bot or channel")
    cost_centre = forms.CharField(
        label="Cost centre",
        required=False,
        max_length=DISPLAY_NAME_CHARACTERS_MAX,
        help_text="Such as “Sales” or “4711”. Leave empty to end it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "cost-centres"}),
    )
    from_on = DayField(label="From", help_text="First day (UTC). Closed statements don't change.")

    def __init__(self, *values: Any, subjects: "Subjects", **more: Any) -> None:
        super().__init__(*values, **more)
        bots = [(f"{_BOT}{bot_id}", name) for bot_id, name in subjects.bots.items()]
        channels = [(f"{_CHANNEL}{name}", name) for name in subjects.channels]
        groups = (("Bots", bots), ("Channels", channels))
        field: Any = self.fields["subject"]
        field.choices = [(label, choices) for label, choices in groups if choices]

    @property
    def term(self) -> CostCentreTerm:
        subject = self.cleaned_data["subject"]
        is_bot = subject.startswith(_BOT)
        return CostCentreTerm(
            from_on=self.cleaned_data["from_on"],
            bot_id=subject.removeprefix(_BOT) if is_bot else None,
            channel=None if is_bot else subject.removeprefix(_CHANNEL),
            cost_centre=self.cleaned_data["cost_centre"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Bots with their names by id, and channels, that events name."""

    bots: dict[str, str]
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreLine:
    """Bot or channel with its cost centre today, and the report of that; both are empty for none."""

    name: str
    kind: str
    cost_centre: str
    report_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TermLine:
    """Cost centre as it was set."""

    from_on: str
    name: str
    kind: str
    cost_centre: str
    recorded: str
    set_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCentresPage:
    """Cost centres; `form` is None for those who may not set them."""

    frame: Frame
    form: CostCentreForm | None
    names: tuple[str, ...]
    today: str
    lines: tuple[CentreLine, ...]
    terms: tuple[TermLine, ...]


@for_member(Right.SEE_REPORTS, posts=Right.CHANGE_BILLING)
def cost_centres(visit: Visit) -> HttpResponse:
    """List the cost centres; set one on POST."""
    with visit.reading() as ledger:
        subjects, terms = _subjects(ledger), cost_centre_terms(ledger)
    today_on = day_of_us(present_us())
    if visit.request.method != "POST":
        form = CostCentreForm(subjects=subjects, initial={"from_on": today_on})
        return _page(visit, form, subjects=subjects, terms=terms, today_on=today_on)
    form = CostCentreForm(visit.request.POST, subjects=subjects)
    if form.is_valid():
        with form_errors(form, fields={"cost_centre_invalid": "cost_centre"}):
            return _set(visit, form.term, subjects=subjects)
    return _page(visit, form, subjects=subjects, terms=terms, today_on=today_on)


def _set(visit: Visit, term: CostCentreTerm, *, subjects: Subjects) -> HttpResponse:
    with visit.writing() as ledger:
        set_cost_centre(ledger, term, by=visit.user.email, now_us=present_us())
    subject = {"channel": term.channel} if term.bot_id is None else {"bot": term.bot_id}
    day = term.from_on.isoformat()
    visit.record(Action.COST_CENTRE_SET, **subject, cost_centre=term.cost_centre, from_day=day)
    fact = f"{_name(term, subjects)} has the cost centre {term.cost_centre} from {text.day_text(term.from_on)}."
    if not term.cost_centre:
        fact = f"{_name(term, subjects)} has no cost centre of its own from {text.day_text(term.from_on)}."
    add_notice(visit.request, Notice(fact=fact, consequence="Closed statements keep theirs."))
    return redirect(reverse("cost-centres", args=(visit.account,)))


def _subjects(ledger: "ReadableLedger") -> Subjects:
    channels = {touchpoint.channel for touchpoint in ledger.touchpoints.all()}
    return Subjects(bots={bot.bot_id: bot.name for bot in named_bots(ledger)}, channels=tuple(sorted(channels)))


def _page(
    visit: Visit, form: CostCentreForm, *, subjects: Subjects, terms: list[CostCentreTerm], today_on: date
) -> HttpResponse:
    centres = CostCentres(terms)
    bots = [(name, "Bot", centres.own(bot_id, None, on=today_on)) for bot_id, name in subjects.bots.items()]
    channels = [(name, "Channel", centres.own(None, name, on=today_on)) for name in subjects.channels]
    page = CostCentresPage(
        frame=frame(visit, title="Cost centres", current="bots", crumbs=section_links(visit.account, "bots")),
        form=form if visit.may(Right.CHANGE_BILLING) and (bots or channels) else None,
        names=centres.names,
        today=text.day_text(today_on),
        lines=tuple(
            CentreLine(name=name, kind=kind, cost_centre=own, report_href=_report_href(visit, own))
            for name, kind, own in (*sorted(bots, key=_by_name), *channels)
        ),
        terms=tuple(_term_line(term, subjects) for term in reversed(terms)),
    )
    return rendered(visit.request, "cost_centres.html", page=page)


def _by_name(line: tuple[str, ...]) -> str:
    return line[0].casefold()


def _report_href(visit: Visit, cost_centre: str) -> str:
    address = ReportAddress().only("cost_centre", cost_centre)
    return reverse("report", args=(visit.account,)) + address.query() if cost_centre else ""


def _term_line(term: CostCentreTerm, subjects: Subjects) -> TermLine:
    return TermLine(
        from_on=text.day_text(term.from_on),
        name=_name(term, subjects),
        kind="Channel" if term.bot_id is None else "Bot",
        cost_centre=term.cost_centre or _NONE,
        recorded=text.moment_text(datetime_from_us(term.recorded_at)),
        set_by=term.set_by or "",
    )


def _name(term: CostCentreTerm, subjects: Subjects) -> str:
    return term.channel or "" if term.bot_id is None else subjects.bots.get(term.bot_id, term.bot_id)
