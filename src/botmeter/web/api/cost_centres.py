"""Routes of cost centres, and of statements in the columns of FOCUS."""

from datetime import date
from typing import Annotated, Final

from django.http import HttpResponse
from msgspec import Meta, Struct

from botmeter.billing.focus_files import FOCUS_FORMS, account_focus, focus_file
from botmeter.domain.cost_centre import CostCentreTerm
from botmeter.domain.instant import now_us, text_from_us
from botmeter.domain.period import day_of_us
from botmeter.ledger.billing.cost_centres import cost_centre_terms, set_cost_centre
from botmeter.people.audit import Action
from botmeter.reports.report_json import Instant
from botmeter.web.api.answers import NextCursor
from botmeter.web.api.parameters import Parameter
from botmeter.web.api.route import Call, Content
from botmeter.web.api.route_kinds import change_bill, chosen_format, format_parameter, read_bill
from botmeter.web.exports import MEDIA_TYPES
from botmeter.web.ledgers import reading, writing

_Name = Annotated[str, Meta(description="Empty: the one before ends.")]


class CostCentre(Struct, frozen=True, forbid_unknown_fields=True):
    """Cost centre of a bot or a channel from a UTC day on."""

    from_day: date
    bot_id: str | None
    channel: str | None
    cost_centre: _Name
    recorded_at: Instant
    set_by: str | None


class CostCentres(Struct, frozen=True, forbid_unknown_fields=True):
    """The cost centres in force by day, bot and channel."""

    items: list[CostCentre]
    next_cursor: NextCursor


class CostCentreBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A cost centre of either a bot or a channel."""

    cost_centre: _Name
    bot_id: str | None = None
    channel: str | None = None
    from_day: Annotated[date | None, Meta(description="First UTC day; without it, today.")] = None


def cost_centres(call: Call) -> CostCentres:
    """Cost centres."""
    with reading(call.request, call.account) as ledger:
        items = [_item(term) for term in cost_centre_terms(ledger)]
    return CostCentres(items=items, next_cursor=None)


def set_one(call: Call) -> CostCentre:
    """Set the cost centre of a bot or a channel."""
    body: CostCentreBody = call.body
    from_on = body.from_day or day_of_us(now_us())
    term = CostCentreTerm(
        from_on=from_on,
        bot_id=body.bot_id,
        channel=body.channel,
        cost_centre=body.cost_centre,
        recorded_at=now_us(),
        set_by=call.who,
    )
    with writing(call.request, call.account) as ledger:
        set_cost_centre(ledger, term, now_us=term.recorded_at, by=call.who)
    subject = {"channel": term.channel} if term.bot_id is None else {"bot": term.bot_id}
    detail = {**subject, "cost_centre": term.cost_centre, "from_day": from_on.isoformat()}
    call.record(Action.COST_CENTRE_SET, **detail)
    return _item(term)


def focus(call: Call) -> HttpResponse:
    """Statements in the columns of FOCUS as a file."""
    number, form = call.request.GET.get("statement"), chosen_format(call, FOCUS_FORMS)
    with reading(call.request, call.account) as ledger:
        tables = account_focus(ledger, number, now_us=now_us(), provider=call.request.GET.get("provider") or "")
    content = focus_file(tables, form=form)
    headers = {"Content-Disposition": f'attachment; filename="{number or call.account}-focus.{form}"'}
    return HttpResponse(content, content_type=MEDIA_TYPES[form], headers=headers)


def _item(term: CostCentreTerm) -> CostCentre:
    return CostCentre(
        from_day=term.from_on,
        bot_id=term.bot_id,
        channel=term.channel,
        cost_centre=term.cost_centre,
        recorded_at=text_from_us(term.recorded_at),
        set_by=term.set_by,
    )


_EXAMPLE: Final = {
    "from_day": "2026-10-01",
    "bot_id": "orders",
    "channel": None,
    "cost_centre": "Sales",
    "recorded_at": "2026-10-01T09:30:00Z",
    "set_by": "ann@example.com",
}

COST_CENTRE_ROUTES: Final = (
    read_bill(
        path="accounts/{account}/cost-centres",
        operation="cost_centres",
        summary="The cost centres",
        description="Of bots and channels; a bot's wins over its channel's, each from a UTC day on.",
        answers=(Content(types=(CostCentres,), example={"items": [_EXAMPLE], "next_cursor": None}),),
        view=cost_centres,
    ),
    change_bill(
        path="accounts/{account}/cost-centres/set",
        operation="set_cost_centre",
        summary="Set a cost centre",
        description="Of a bot or channel, from a UTC day on. Closed statements keep the cost centres of their closing.",
        body=(
            Content(
                types=(CostCentreBody,),
                example={"bot_id": "orders", "cost_centre": "Sales", "from_day": "2026-10-01"},
            ),
        ),
        answers=(Content(types=(CostCentre,), example=_EXAMPLE),),
        view=set_one,
    ),
    read_bill(
        path="accounts/{account}/focus",
        operation="focus",
        summary="Statements in the columns of FOCUS 1.2",
        description=(
            "Without a statement, all closed ones, the cycle that runs, and those that wait to be closed; these have "
            "no `InvoiceId`. docs/guides/focus.md describes the rows."
        ),
        parameters=(
            Parameter(name="statement", description="Number of a closed statement.", example="ACME-000001"),
            Parameter(name="provider", description="Platform that bills; default: the plan's title.", example="Acme"),
            format_parameter(FOCUS_FORMS),
        ),
        answers=tuple(Content(media_type=MEDIA_TYPES[form]) for form in FOCUS_FORMS),
        view=focus,
    ),
)
