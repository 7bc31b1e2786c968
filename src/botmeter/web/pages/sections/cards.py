"""Saved views and last imports."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.instant import now_us
from botmeter.ledger.imports import ImportRecord, imports
from botmeter.people.rights import Right
from botmeter.people.saved_views import visible_views
from botmeter.web.access import Visit
from botmeter.web.components import Cell, Column, Link, count_cell
from botmeter.web.pages.imports.texts import state_tag
from botmeter.web.pages.report.report_urls import EntryPoint
from botmeter.web.pages.sharing.saved_address import address_of_query, address_text
from botmeter.web.rich_text import name_word

if TYPE_CHECKING:
    from botmeter.ledger.lake_account import ServedRecord
    from botmeter.ledger.readable import ReadableLedger

VIEWS_MAX: Final = 8
IMPORTS_MAX: Final = 5
_COLUMNS: Final = (
    Column(label="File"),
    Column(label="Imported"),
    Column(label="Events", variant="r"),
    Column(label="Status"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewLine:
    """Saved view; `owner` is empty for one's own."""

    name: str
    href: str
    description: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsCard:
    """Saved views, the first ones by name."""

    views: tuple[ViewLine, ...]
    may_save: bool
    all_views: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportsCard:
    """Last imports, newest first."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[Cell, ...], ...]
    href: str


def views_card(visit: Visit, entry_point: EntryPoint) -> ViewsCard:
    """List the views that the user may open."""
    base, views = reverse(entry_point.value, args=(visit.account,)), visible_views(visit.user, visit.account)
    lines = tuple(
        ViewLine(
            name=view.name,
            href=base + (f"?{view.query}" if view.query else ""),
            description=address_text(address_of_query(view.query)),
            owner="" if view.owner_id == visit.user.pk else str(view.owner),
        )
        for view in views[:VIEWS_MAX]
    )
    count = views.count()
    label = f"All {count} saved views" if count > VIEWS_MAX else "Manage saved views"
    return ViewsCard(
        views=lines,
        may_save=visit.may(Right.SAVE_VIEWS),
        all_views=Link(label=label, href=reverse("views", args=(visit.account,))),
    )


def imports_card(visit: Visit, ledger: "ReadableLedger", *, zone: str) -> ImportsCard | None:
    """List the last imports for those who may import."""
    if not visit.may(Right.IMPORT_FILES):
        return None
    return ImportsCard(
        columns=_COLUMNS,
        lines=tuple(_line(visit, each, lake=ledger.lake, zone=zone) for each in imports(ledger, limit=IMPORTS_MAX)),
        href=reverse("imports", args=(visit.account,)),
    )


def _line(visit: Visit, record: ImportRecord, *, lake: "ServedRecord | None", zone: str) -> tuple[Cell, ...]:
    name, (state, _) = name_word(record.file_name), state_tag(record, lake)
    return (
        Cell(
            value=name.text,
            title=name.title,
            href=reverse("import", args=(visit.account, record.number)),
            variant="wrap",
        ),
        Cell(value=text.row_instant_text(record.imported_at, zone=zone, now_us=now_us(), seconds=False), variant="num"),
        count_cell(record.accepted),
        Cell(value="", tag=state),
    )
