"""Notes on days."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.display_name import DISPLAY_NAME_CHARACTERS_MAX
from botmeter.people.audit import Action
from botmeter.people.day_notes import add_day_note, day_notes, noted_days
from botmeter.people.models import DayNote
from botmeter.people.removed_rows import row_copy
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.day_field import DayField
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.report.contexts import DayNotes, NotedDay
from botmeter.web.rendering import rendered
from botmeter.web.report_address import ReportAddress, parsed_address
from botmeter.web.undo import UndoKind, offer_undo

_CHART: Final = "#w-session-consumption-trend"


class NoteForm(forms.Form):
    """New note; `query` is of the report to return to."""

    on = DayField(label="Day")
    text = forms.CharField(
        label="Note",
        max_length=DISPLAY_NAME_CHARACTERS_MAX,
        help_text="Such as “Campaign starts” or “Outage”. Everyone in the account sees it in charts.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    query = forms.CharField(widget=forms.HiddenInput, required=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLine:
    """Note; `remove_href` is empty for those who may not."""

    day: str
    day_href: str
    text: str
    author: str
    remove_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesPage:
    """Notes of the account; `form` is None for those who may not write."""

    frame: Frame
    form: forms.Form | None
    report_href: str
    query: str
    notes: tuple[NoteLine, ...]


def notes_of_report(visit: Visit, address: ReportAddress) -> DayNotes:
    """Notes for a report's charts."""
    query = address.following(False).query().removeprefix("?")
    return DayNotes(
        notes=tuple(NotedDay(on=on, text=words) for on, words in noted_days(visit.account)),
        page_href=_page_href(visit, query),
        may_write=visit.may(Right.WRITE_NOTES),
    )


@for_member(Right.SEE_REPORTS, posts=Right.WRITE_NOTES)
def notes(visit: Visit) -> HttpResponse:
    """List notes; add one on POST."""
    if visit.request.method != "POST":
        query = _canonical(visit.request.GET.get("query", ""))
        return _page(visit, NoteForm(initial={"query": query}), query=query)
    form = NoteForm(visit.request.POST)
    query = _canonical(visit.request.POST.get("query", ""))
    if form.is_valid():
        with form_errors(form, fields={"day_note_invalid": "text"}):
            on, words = form.cleaned_data["on"], form.cleaned_data["text"]
            note = add_day_note(visit.account, on=on, text=words, created_by=visit.user)
            visit.record(Action.NOTE_ADDED, day=note.on.isoformat(), note=note.text)
            # The chart there shows its mark.
            return redirect(_report_href(visit, query))
    return _page(visit, form, query=query)


@for_member(Right.WRITE_NOTES, posts=Right.WRITE_NOTES)
def note(visit: Visit, *, note: int) -> HttpResponse:
    """Remove a note."""
    visit.require_post()
    removed = get_object_or_404(DayNote, account=visit.account, pk=note)
    row, back_href = row_copy(removed), _page_href(visit, _canonical(visit.request.POST.get("query", "")))
    removed.delete()
    visit.record(Action.NOTE_REMOVED, day=row.on.isoformat(), note=row.text)
    undo = offer_undo(visit, UndoKind.NOTE_REMOVED, before=row, back_href=back_href)
    add_notice(visit.request, Notice(fact=f"Note “{row.text}” removed from {text.day_text(row.on)}.", undo=undo))
    return redirect(back_href)


def _page(visit: Visit, form: NoteForm, *, query: str) -> HttpResponse:
    may_write = visit.may(Right.WRITE_NOTES)
    page = NotesPage(
        frame=frame(visit, title="Notes on days", current="reports", crumbs=section_links(visit.account, "reports")),
        form=form if may_write else None,
        report_href=_report_href(visit, query),
        query=query,
        notes=tuple(_line(note, visit, may_write=may_write) for note in day_notes(visit.account)),
    )
    return rendered(visit.request, "day_notes.html", page=page)


def _line(note: DayNote, visit: Visit, *, may_write: bool) -> NoteLine:
    day = ReportAddress().between(note.on, note.on)
    return NoteLine(
        day=f"{note.on:%a} {text.day_text(note.on)}",
        day_href=reverse("report", args=(visit.account,)) + day.query(),
        text=note.text,
        author="" if note.created_by is None else str(note.created_by),
        remove_href=reverse("day-note", args=(visit.account, note.pk)) if may_write else "",
    )


def _canonical(query: str) -> str:
    """Query of a report, so that a form never leads elsewhere."""
    return parsed_address(QueryDict(query)).query().removeprefix("?")


def _report_href(visit: Visit, query: str) -> str:
    return reverse("report", args=(visit.account,)) + (f"?{query}" if query else "") + _CHART


def _page_href(visit: Visit, query: str) -> str:
    more = f"?{urlencode({'query': query})}" if query else ""
    return reverse("day-notes", args=(visit.account,)) + more
