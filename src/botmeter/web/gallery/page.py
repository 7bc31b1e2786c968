"""Gallery of page components, light and dark, with invented numbers."""

from dataclasses import dataclass

from django.forms import BooleanField as Flag
from django.forms import CharField, CheckboxInput, ChoiceField, EmailField, Form, PasswordInput, RadioSelect
from django.http import HttpRequest, HttpResponse

from botmeter.domain.text import count_text
from botmeter.web.access import for_everyone
from botmeter.web.components import (
    CalendarDay,
    Choice,
    Column,
    FilterChip,
    FilterMenu,
    HeatRow,
    Key,
    Link,
    Pager,
    PeriodPicker,
    RankedLine,
    Tools,
)
from botmeter.web.gallery import values
from botmeter.web.gallery.charts import Drawings, drawings
from botmeter.web.gallery.values import BOTS, CHANNELS, COLUMNS, EVENTS, HERE, SERIES
from botmeter.web.layout import Frame, plain_frame
from botmeter.web.pages.session.event_list import Day
from botmeter.web.pages.session.facts import FactLines
from botmeter.web.rendering import rendered
from botmeter.web.rich_text import plain


class _Sample(Form):
    name = CharField(help_text="What people call the account.", initial="Maple & Moor")
    email = EmailField(label="E-mail")
    password = CharField(widget=PasswordInput, help_text="At least ten characters.")
    zone = ChoiceField(label="Viewing zone", choices=[("UTC", "UTC"), ("Asia/Kolkata", "Asia/Kolkata")])
    role = ChoiceField(choices=[("viewer", "Viewer"), ("owner", "Owner")], widget=RadioSelect, initial="viewer")
    weekly = Flag(label="Send a summary on Mondays", widget=CheckboxInput, required=False, help_text="To every owner.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryPage:
    """A value for each component."""

    frame: Frame
    drawings: tuple[tuple[str, Drawings], ...]
    segments: tuple[Link, ...]
    tabs: tuple[Link, ...]
    menu: tuple[Link, ...]
    chips: tuple[FilterChip, ...]
    filter: FilterMenu
    period: PeriodPicker
    keys: tuple[Key, ...]
    series: tuple[Key, ...]
    tools: Tools
    ranked: tuple[RankedLine, ...]
    channels: tuple[str, ...]
    matrix: tuple[HeatRow, ...]
    hours: tuple[HeatRow, ...]
    calendar: tuple[CalendarDay, ...]
    columns: tuple[Column, ...]
    pager: Pager
    exports: tuple[Link, ...]
    facts: tuple[FactLines, ...]
    events: tuple[Day, ...]
    action: Link
    form: Form


@for_everyone
def gallery(request: HttpRequest) -> HttpResponse:
    """Show the gallery; it needs no account."""
    return rendered(request, "gallery.html", page=gallery_page(plain_frame(request, title="Components")))


def gallery_page(frame: Frame) -> GalleryPage:
    """Build the values."""
    bots = tuple(Choice(value=name, label=name, count=count_text(count)) for name, count, _ in BOTS)
    return GalleryPage(
        frame=frame,
        drawings=tuple((theme, drawings()) for theme in ("light", "dark")),
        segments=(Link(label="Took part", href=HERE, is_current=True), Link(label="Opened", href=HERE)),
        tabs=(
            Link(label="Import a file", href=HERE, symbol="file"),
            Link(label="Send over HTTP", href=HERE, symbol="send", is_current=True),
        ),
        menu=(
            Link(label="The period before", href=HERE, is_current=True),
            Link(label="The year before", href=HERE),
        ),
        chips=(
            FilterChip(label="Bot", choices_href=HERE),
            FilterChip(label="Channel", choices_href=HERE, verb="is not", chosen="Email", remove_href=HERE),
        ),
        filter=FilterMenu(label="Bot", name="bot", action=HERE, choices=bots, search_label="Find a bot"),
        period=values.period(),
        keys=(Key(label="24 Oct – 22 Nov"), Key(label="24 Sep – 23 Oct", kind="dash")),
        series=tuple(Key(label=name, kind=f"s{i}") for i, name in enumerate(SERIES, start=1)),
        tools=Tools(chart_href=HERE, table_href=HERE, rows_href=HERE, export_href=HERE),
        ranked=values.ranked(),
        channels=CHANNELS,
        matrix=values.matrix(),
        hours=values.hours(),
        calendar=values.calendar(),
        columns=COLUMNS,
        pager=Pager(range="21 Nov 14:11:13 – 13:50:48", older_href=HERE),
        exports=tuple(Link(label=label, href=HERE) for label in ("CSV", "XLSX", "Parquet", "NDJSON")),
        facts=(
            FactLines(label="Policy", lines=((plain("freshchat.session v1"),),)),
            FactLines(label="Messages", lines=((plain("14 customer, 13 bot"),),)),
        ),
        events=EVENTS,
        action=Link(label="Clear filters", href=HERE),
        form=_Sample({"name": "Maple & Moor", "email": "priya@", "password": "", "zone": "UTC", "role": "viewer"}),
    )
