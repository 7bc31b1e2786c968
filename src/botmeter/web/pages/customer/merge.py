"""Customers → Merge customers."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import FileExtensionValidator
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.domain.event import ID_BYTES_MAX
from botmeter.domain.instant import now_us as present_us
from botmeter.lake.instructions import merge_customers, merge_preview, unmerge_customers
from botmeter.ledger.customers import (
    CustomerAlias,
    CustomerChange,
    SameCustomer,
    aliases_of_merge,
    customer_aliases,
)
from botmeter.people.audit import Action
from botmeter.people.rights import Right
from botmeter.sources.customer_file import BYTES_MAX, csv_from_pairs, pairs_from_file
from botmeter.sources.text_encoding import ZIP_MAGIC
from botmeter.web.access import Visit, for_member
from botmeter.web.confirmation import Confirmation, account_confirmation, is_confirmed, sent_parameters
from botmeter.web.large_bodies import takes_large_body
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.report_address import number_named
from botmeter.web.rich_text import Words, id_word, listed, plain

_NAMES_MAX: Final = 10
_PREVIEW_MAX: Final = 5
_NUMBER_LENGTH: Final = 10


class MergeForm(forms.Form):
    """Customer with aliases, or a file."""

    customer_id = forms.CharField(
        label="Customer",
        required=False,
        max_length=ID_BYTES_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="The ID under which all sessions count.",
    )
    aliases = forms.CharField(
        label="Other IDs of this customer",
        required=False,
        max_length=BYTES_MAX,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One per line.",
    )
    file = forms.FileField(
        label="File",
        required=False,
        allow_empty_file=True,
        validators=[FileExtensionValidator(["csv", "tsv", "txt", "xlsx"])],
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,text/csv"}),
        help_text="Instead of the fields above: CSV or XLSX, columns customer_id and alias, at most 1,000 lines.",
    )

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            fields["pairs"] = _pairs(fields)
        except Refused as problem:
            self.add_refusal(problem)
        return fields

    def add_refusal(self, problem: Refused) -> None:
        self.add_error("file" if self.cleaned_data.get("file") else None, problem.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePreview:
    """Effect of a merge; `content` holds all pairs as CSV, `pairs` the first ones."""

    pairs: tuple[Words, ...]
    more: str
    answer: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeLine:
    """Merge; once undone, it lists all aliases and has no `undo_no`."""

    number: str
    customers: Words
    aliases: Words
    merged_at: str
    by: str
    state: str
    undo_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePage:
    """Merges of an account."""

    frame: Frame
    action: str
    form: MergeForm
    preview: MergePreview | None
    merges: tuple[MergeLine, ...]
    zone: str


WAITS_FOR_RUN: Final = "The account is in a lake: the next run of the lake applies this."


@takes_large_body
@for_member(Right.MERGE_CUSTOMERS, posts=Right.MERGE_CUSTOMERS)
def merge_page(visit: Visit) -> HttpResponse:
    """Show the merges; preview, merge or, once confirmed, undo on POST."""
    if sent_parameters(visit.request).get("step") == "undo" and not is_confirmed(visit.request):
        return _ask_to_undo(visit)
    if visit.request.method != "POST":
        return _page(visit, form=MergeForm(initial={"customer_id": visit.request.GET.get("customer_id", "")}))
    match visit.request.POST.get("step"):
        case "undo":
            return _undo(visit)
        case "merge":
            return _merge(visit)
        case _:
            return _preview_page(visit)


def merge_sentence(change: CustomerChange) -> str:
    """Describe the effect on sessions."""
    if change.waits:
        return WAITS_FOR_RUN
    count, restated = change.event_count, change.restated_day_count
    return (
        f"These customers had {text.counted(change.before_count, 'session')} and have {change.after_count:,}; "
        f"{text.counted(count, 'event')} {'counts' if count == 1 else 'count'} for another customer, "
        f"{text.counted(restated, 'day') if restated else 'no day'} {'is' if restated < 2 else 'are'} restated."
    )


def _preview_page(visit: Visit) -> HttpResponse:
    form, preview = MergeForm(visit.request.POST, visit.request.FILES), None
    if form.is_valid():
        try:
            with visit.writing() as ledger:
                change = merge_preview(ledger, form.cleaned_data["pairs"], now_us=present_us())
            preview = _preview(change, urls=ReportUrls(owner=visit.account))
        except Refused as problem:
            form.add_refusal(problem)
    return _page(visit, form=form, preview=preview, status=400 if form.errors else 200)


def _merge(visit: Visit) -> HttpResponse:
    try:
        pairs = pairs_from_file(visit.request.POST.get("pairs", "").encode(errors="surrogatepass"))
        with visit.writing() as ledger:
            change = merge_customers(ledger, pairs, by=visit.user.email, now_us=present_us())
    except Refused as problem:
        return _refused(visit, problem, status=400)
    return _finish(visit, change, action=Action.CUSTOMERS_MERGED, fact="Customers merged.")


def _ask_to_undo(visit: Visit) -> HttpResponse:
    number = sent_parameters(visit.request).get("merge", "")[:_NUMBER_LENGTH]
    confirmation = Confirmation(
        question=f"Undo merge {number}?",
        effect="The merged IDs count as customers of their own again, and past days that this changes are restated.",
        button="Undo merge",
        cancel_href=reverse("merge-customers", args=(visit.account,)),
    )
    return account_confirmation(visit, confirmation, section="customers")


def _undo(visit: Visit) -> HttpResponse:
    try:
        number = number_named(visit.request.POST.get("merge", ""), "merge", within=(1, 10**9))
        with visit.writing() as ledger:
            aliases = aliases_of_merge(ledger, number)
            change = unmerge_customers(ledger, aliases, by=visit.user.email, now_us=present_us())
    except Refused as problem:
        return _refused(visit, problem, status=404)
    return _finish(visit, change, action=Action.CUSTOMERS_UNMERGED, fact="Merge undone.")


def _finish(visit: Visit, change: CustomerChange, *, action: Action, fact: str) -> HttpResponse:
    notice = Notice(fact="No changes.", consequence="These customers are already merged.", kind="info")
    if change.number is not None:
        # No IDs: the log outlives erased customers.
        details = {
            "change": change.number,
            "aliases": len(change.pairs),
            "events": change.event_count,
            "restated_days": change.restated_day_count,
        }
        visit.record(action, **details)
        notice = Notice(fact=fact, consequence=merge_sentence(change))
    add_notice(visit.request, notice)
    return HttpResponseRedirect(reverse("merge-customers", args=(visit.account,)))


def _refused(visit: Visit, problem: Refused, *, status: int) -> HttpResponse:
    add_notice(visit.request, Notice(fact=problem.message, kind="bad"))
    return _page(visit, form=MergeForm(), status=status)


def _page(visit: Visit, *, form: MergeForm, preview: MergePreview | None = None, status: int = 200) -> HttpResponse:
    urls, zone = ReportUrls(owner=visit.account), preferred_zone(visit.account)
    with visit.reading() as ledger:
        aliases = customer_aliases(ledger)
    page = MergePage(
        frame=frame(
            visit,
            title="Merge customers",
            current="customers",
            crumbs=section_links(visit.account, "customers"),
        ),
        action=urls.merge_customers(),
        form=form,
        preview=preview,
        merges=tuple(
            _line(number, list(merged), urls=urls, zone=zone)
            for number, merged in groupby(aliases, key=lambda alias: alias.merge_no)
        ),
        zone=zone,
    )
    return rendered(visit.request, "merge_customers.html", page=page, status=status)


def _line(number: int, aliases: list[CustomerAlias], *, urls: ReportUrls, zone: str) -> MergeLine:
    first, in_force = aliases[0], [alias for alias in aliases if alias.undone_no is None]
    last_undone = max(aliases, key=lambda alias: alias.undone_no or 0)
    state = ""
    if not in_force and last_undone.undone_at is not None:
        at = text.instant_text(last_undone.undone_at, zone=zone, seconds=False)
        state = f"Undone by {last_undone.undone_by or 'unknown'}, {at}"
    listed_aliases = in_force or aliases
    customer_ids = dict.fromkeys(alias.customer_id or alias.same_as for alias in listed_aliases)
    return MergeLine(
        number=text.count_text(number),
        customers=listed([id_word(each, urls.customer(each)) for each in customer_ids], most=_NAMES_MAX),
        aliases=listed([id_word(alias.alias) for alias in listed_aliases], most=_NAMES_MAX),
        merged_at=text.instant_text(first.set_at, zone=zone, seconds=False),
        by=first.set_by or "unknown",
        state=state,
        undo_no=str(number) if in_force else "",
    )


def _preview(change: CustomerChange, *, urls: ReportUrls) -> MergePreview:
    if change.number is None:
        return MergePreview(pairs=(), more="", answer="These customers are already merged.", content="")
    restated, hidden = change.restated_day_count, len(change.pairs) - _PREVIEW_MAX
    effect = (
        f"These customers have {text.counted(change.before_count, 'session')} now and would have "
        f"{change.after_count:,}. {text.counted(change.event_count, 'event')} would count for another customer, "
        f"and {text.counted(restated, 'past day') if restated else 'no past day'} would be restated."
    )
    return MergePreview(
        pairs=tuple(
            (id_word(pair.alias), plain(" → "), id_word(pair.customer_id, urls.customer(pair.customer_id)))
            for pair in change.pairs[:_PREVIEW_MAX]
        ),
        more=f"and {hidden:,} more" if hidden > 0 else "",
        answer=WAITS_FOR_RUN if change.waits else effect,
        content=csv_from_pairs(change.pairs),
    )


def _pairs(fields: dict[str, Any]) -> tuple[SameCustomer, ...]:
    file: UploadedFile[Any] | None = fields.get("file")
    if file is not None:
        content = file.read(BYTES_MAX + 1)
        if (file.name or "").lower().endswith(".xlsx") != content.startswith(ZIP_MAGIC):
            raise Refused("merge_file_invalid", f"The content of {file.name} is not what its name says.")
        return pairs_from_file(content)
    customer_id, lines = fields.get("customer_id"), (fields.get("aliases") or "").splitlines()
    aliases = [line.strip() for line in lines if line.strip()]
    if not customer_id or not aliases:
        raise Refused("merge_invalid", "Enter a customer and at least one other ID, or choose a file.")
    return tuple(SameCustomer(customer_id=customer_id, alias=alias) for alias in aliases)
