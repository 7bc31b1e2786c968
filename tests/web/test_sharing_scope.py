"""Visitors of a share link see rows within it and no others, whatever they request."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US, now_us
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import User
from botmeter.people.shares import ShareDraft, new_share
from botmeter.reports.compared_period import Compare
from botmeter.reports.presets import Preset
from botmeter.reports.query import UsageQuery
from botmeter.reports.rows import underlying_rows
from botmeter.web.pages.report.widgets import WIDGETS, Shared
from botmeter.web.pages.sharing.saved_address import address_of_query
from botmeter.web.pages.sharing.scope import (
    Scope,
    comparisons_within,
    narrowed_question,
    pinned,
    presets_within,
    shared_question,
)
from botmeter.web.question import report_question
from support.facts import event, filled_ledger
from support.ledgers import event as event_on
from support.oracle import Event
from support.served import served
from support.server_state import in_use

pytestmark = pytest.mark.slow

ZONES = ("UTC", "Asia/Kolkata", "America/New_York", "Pacific/Apia")
TODAY = date(1970, 1, 1) + timedelta(microseconds=now_us())


def traffic(*, seed: int) -> list[Event]:
    """Two hundred messages of the last ten days, of few customers, bots, versions and channels."""
    random = Random(seed)
    return [
        event(
            f"e{number}",
            now_us() - random.randrange(10 * DAY_US),
            customer_id=random.choice(["c1", "c2", "c3"]),
            conversation_id=random.choice(["v1", "v2", "v3", "v4"]),
            bot_id=random.choice(["b1", "b1", "b2", "b3"]),
            bot_version=random.choice([None, "1", "2"]),
            channel=random.choice(["web", "sms", "mail"]),
            preview=random.choice([None, False, True]),
        )
        for number in range(200)
    ]


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    filled = filled_ledger(traffic(seed=7))
    filled.connection.execute("INSERT INTO cost_centre_term VALUES ('2026-01-01', 'b1', NULL, 'Sales', 0, NULL)")
    yield filled
    filled.connection.close()


def some(*values: str) -> st.SearchStrategy[list[str]]:
    return st.one_of(st.just([]), st.lists(st.sampled_from(values), max_size=3, unique=True))


def queries() -> st.SearchStrategy[str]:
    """Addresses of reports: days or a named period, any time zone, filters on existing and unknown values."""
    days = st.dates(TODAY - timedelta(days=12), TODAY + timedelta(days=1)).map(date.isoformat)
    periods = st.one_of(
        st.just({}),
        st.fixed_dictionaries({"period": st.sampled_from([one.value for one in Preset])}),
        st.tuples(days, days).map(lambda pair: {"from": min(pair), "to": max(pair)}),
        days.map(lambda on: {"from": on}),
        days.map(lambda on: {"to": on}),
    )
    others = st.fixed_dictionaries(
        {
            "bot": some("b1", "b2", "b3", "nobody"),
            "bot_version": some("1", "2", "none", "b1/1"),
            "channel": some("web", "sms", "mail"),
            "customer": some("c1", "c2", "c3"),
            "conversation": some("v1", "v2", "v3", "v4"),
        },
        optional={
            "opened_by": some("b1", "b2"),
            "opened_on": some("web", "sms"),
            "cost_centre": some("Sales", "Nobody"),
            "bot.not": some("b1", "b2", "b3", "nobody"),
            "channel.not": some("web", "sms"),
            "customer.not": some("c1", "c2"),
            "conversation.not": some("v1", "v2"),
            "hour.not": some("mon-09", "tue-10"),
            "timezone": st.sampled_from(ZONES),
            "preview": st.sampled_from(["only", "without", "included"]),
        },
    )
    comparisons = st.one_of(
        st.sampled_from([one for one in Compare if one is not Compare.CUSTOM]).map(lambda one: {"compare": one.value}),
        st.tuples(days, days).map(lambda pair: {"compare_from": min(pair), "compare_to": max(pair)}),
        st.just({}),
    )
    return st.builds(
        lambda *parts: urlencode({name: value for part in parts for name, value in part.items()}, doseq=True),
        *(periods, others, comparisons),
    )


def rows(ledger: Ledger, query: UsageQuery) -> Counter[tuple[object, ...]]:
    table = underlying_rows(ledger, query).read_all()
    return Counter(tuple(map(str, row.values())) for row in table.to_pylist())


def scope_of(query: str, *, may_see_rows: bool) -> Scope:
    return Scope(whole=pinned(address_of_query(query), zone="UTC"), may_see_rows=may_see_rows)


@given(shared=queries(), requested=queries(), may_see_rows=st.booleans())
def test_a_visitor_never_sees_rows_outside_the_link(
    ledger: Ledger, shared: str, requested: str, may_see_rows: bool
) -> None:
    question = shared_question(ledger, scope_of(shared, may_see_rows=may_see_rows), parameters=QueryDict(requested))
    whole = rows(ledger, question.whole.query)
    assert rows(ledger, question.narrowed.query) <= whole
    assert question.narrowed.query.period.timezone == question.whole.query.period.timezone
    if not may_see_rows:
        for name in ("customer", "conversation"):
            narrowed, shared_filters = question.narrowed.query.filters, question.whole.query.filters
            assert narrowed.values(name) == shared_filters.values(name)
            assert narrowed.excluded_values(name) == shared_filters.excluded_values(name)
    if question.narrowed.compared is not None:
        before = question.whole.compared
        allowed = whole + (Counter() if before is None else rows(ledger, before))
        assert rows(ledger, question.narrowed.compared) <= allowed


@given(shared=queries(), requested=queries())
def test_a_request_within_the_link_is_answered_as_for_members(ledger: Ledger, shared: str, requested: str) -> None:
    scope = scope_of(shared, may_see_rows=True)
    whole = report_question(ledger, scope.whole, zone="UTC").query
    free = report_question(ledger, address_of_query(requested), zone=whole.period.timezone).query
    question = shared_question(ledger, scope, parameters=QueryDict(requested)).narrowed.query
    within = whole.period.first_on <= free.period.first_on and free.period.last_on <= whole.period.last_on
    if within and free.period.timezone == whole.period.timezone and rows(ledger, whole) >= rows(ledger, free):
        assert rows(ledger, question) <= rows(ledger, whole)
        if {"period", "from", "to"} & set(QueryDict(requested)):
            assert question.period == free.period


@given(shared=queries(), requested=queries())
def test_the_address_of_a_narrowed_question_is_stable(ledger: Ledger, shared: str, requested: str) -> None:
    scope = scope_of(shared, may_see_rows=True)
    question = shared_question(ledger, scope, parameters=QueryDict(requested))
    again = shared_question(ledger, scope, parameters=QueryDict(question.narrowed.address.query().removeprefix("?")))
    assert (again.narrowed.query, again.narrowed.address) == (question.narrowed.query, question.narrowed.address)
    assert (again.narrowed.compared is None) == (question.narrowed.compared is None)


@given(shared=queries(), requested=queries())
def test_every_offered_period_and_comparison_is_applied(ledger: Ledger, shared: str, requested: str) -> None:
    scope = scope_of(shared, may_see_rows=False)
    question = shared_question(ledger, scope, parameters=QueryDict(requested))
    for preset in presets_within(question):
        chosen = narrowed_question(ledger, scope, requested=question.narrowed.address.with_days(preset))
        assert chosen.narrowed.address.preset is preset
    for compare in comparisons_within(question, ledger):
        chosen = narrowed_question(ledger, scope, requested=question.narrowed.address.against(compare))
        assert chosen.narrowed.address.compare is compare


@given(query=queries())
def test_an_address_with_fixed_days_asks_the_same_question(ledger: Ledger, query: str) -> None:
    question = report_question(ledger, address_of_query(query), zone="UTC")
    again = report_question(ledger, question.dated_address, zone="UTC")
    assert again.address.preset is None
    assert again.query == question.query
    if question.compared is not None:
        assert again.compared is not None
        assert again.compared.period == question.compared.period


def test_an_address_without_parameters_shows_the_whole_view(ledger: Ledger) -> None:
    scope = scope_of("period=last-7-days&bot=b1&compare=year&timezone=Asia/Kolkata", may_see_rows=False)
    question = shared_question(ledger, scope, parameters=QueryDict("utm_source=mail"))
    assert question.is_whole
    assert question.narrowed.compared is not None
    assert question.whole.compared is not None
    assert question.narrowed.compared.period == question.whole.compared.period


def test_a_link_to_a_default_report_pins_its_time_zone_and_period() -> None:
    made = pinned(address_of_query(""), zone="Asia/Kolkata")
    assert made.query() == "?period=last-30-days&timezone=Asia%2FKolkata"
    assert pinned(made, zone="UTC") == made


# Sessions of bot b1 on the web in March are shared; values called hidden are not.
HIDDEN = {
    "bot_id": "hidden-bot",
    "bot_name": "Hidden bot",
    "bot_version": "hidden-version",
    "channel": "hidden-channel",
    "customer_id": "hidden-customer",
    "conversation_id": "hidden-conversation",
    "ticket_id": "hidden-ticket",
    "ticket_type": "hidden-type",
}
EVENTS = (
    event_on("e1", "2026-03-10T10:00", bot_name="Order bot", bot_version="1", ticket_id="t1", ticket_type="refund"),
    event_on("e2", "2026-03-11T10:00", customer_id="c2", conversation_id="v2", bot_name="Order bot", bot_version="2"),
    # The same session as e2, with a bot that was not shared.
    event_on("e3", "2026-03-11T11:00", **{**HIDDEN, "customer_id": "c2"}),
    # A session that a bot opened which was not shared.
    event_on("e7", "2026-03-14T10:00", **{**HIDDEN, "customer_id": "c3"}),
    event_on("e8", "2026-03-14T11:00", customer_id="c3", conversation_id="v3", bot_version="2"),
    event_on("e4", "2026-03-12T10:00", **HIDDEN),
    event_on("e5", "2026-02-12T10:00", **{**HIDDEN, "bot_id": "b1", "bot_name": None, "channel": "web"}),
    event_on("e6", "2026-04-02T10:00", **{**HIDDEN, "bot_id": "b1", "bot_name": None, "channel": "web"}),
)
SHARED = "bot=b1&channel=web&from=2026-03-01&to=2026-03-31&timezone=UTC"
ATTEMPTS = (
    "",
    "period=all",
    "from=2022-02-04&to=2026-12-31",
    "from=2026-03-01&to=2026-03-31&timezone=Pacific/Kiritimati",
    "from=2026-04-02&to=2026-04-02",
    "from=2026-03-01&to=2026-03-31&compare=previous",
    "from=2026-03-01&to=2026-03-10&compare=year",
    "from=2026-03-02&to=2026-03-03&compare=previous&table=session-consumption-trend",
    "bot=hidden-bot",
    "bot=b1&bot=hidden-bot&open=b1",
    "channel=hidden-channel&split=opened",
    "split=opened",
    "split=opened&from=2026-03-14&to=2026-03-14&bot=b1&channel=web",
    "bot_version=of-nobody",
    "customer=of-nobody",
    "conversation=of-nobody",
    "preview=included&bot=",
)
# Attempts that show most of what a link must hide.
WIDEST_ATTEMPTS = (
    "from=2022-02-04&to=2026-12-31",
    "bot=b1&bot=hidden-bot&open=b1",
    "channel=hidden-channel&split=opened",
    "preview=included&bot=",
)
PATHS = (
    "",
    "/rows",
    "/rows?group=conversation",
    "/rows?search=hid",
    "/rows?search=c2",
    "/filters/bot",
    "/filters/bot?search=hid",
    "/filters/bot_version",
    "/filters/channel",
    "/filters/customer",
    "/filters/conversation?search=hid",
    *(f"/widgets/{widget.name}" for widget in WIDGETS),
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLedgers]:
    with served(tmp_path_factory.mktemp("served") / "data", {"acme": EVENTS}) as ledgers:
        yield ledgers


@pytest.fixture
def shared_secret(opened: OpenLedgers, db: None) -> Iterator[Callable[..., str]]:
    """`shared_secret(may_see_rows=True)`: the secret of a link to the sessions that are not hidden."""
    olga = User.objects.create_user("olga@example.org", name="Olga")

    def made(*, may_see_rows: bool = False, query: str = SHARED) -> str:
        draft = ShareDraft(name="Orders", query=query, lasting_days=1, may_see_rows=may_see_rows)
        return new_share("acme", draft, created_by=olga).secret

    with in_use(opened):
        yield made


@pytest.mark.parametrize(
    "attempts", [pytest.param(WIDEST_ATTEMPTS, id="widest"), pytest.param(ATTEMPTS, id="all", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("may_see_rows", [True, False])
@pytest.mark.parametrize("path", PATHS)
def test_no_shared_page_contains_values_outside_the_link(
    shared_secret: Callable[..., str], client: Client, path: str, may_see_rows: bool, attempts: tuple[str, ...]
) -> None:
    secret = shared_secret(may_see_rows=may_see_rows)
    is_private = path.removeprefix("/widgets/") in {widget.name for widget in WIDGETS if widget.shared is Shared.NEVER}
    expected = {404} if is_private else {200} if may_see_rows else {200, 404}
    for attempt in attempts:
        answer = client.get(f"/s/{secret}{path}{'&' if '?' in path else '?'}{attempt}")
        page = answer.content.decode().lower()
        assert answer.status_code in expected, attempt
        assert "hidden-" not in page, attempt
        assert "hidden bot" not in page, attempt
        assert "/a/acme" not in page
        if not may_see_rows:
            assert f"{secret.lower()}/rows" not in page
            assert not any(name in page for name in (">c1<", ">c2<", ">v1<", ">v2<"))


@pytest.mark.parametrize("query", ["opened_by=hidden-bot", "opened_on=hidden-channel", "opened_by=nobody"])
def test_openers_outside_the_link_cannot_be_inferred(
    shared_secret: Callable[..., str], client: Client, query: str
) -> None:
    page = client.get(f"/s/{shared_secret(may_see_rows=False)}?from=2026-03-01&to=2026-03-31&{query}").content.decode()
    assert 'data-value="3">3<' in page
    assert "Opened by" not in page


@pytest.mark.parametrize("search", ["hidden-conversation", "hidden-ticket", "hidden-c"])
def test_searching_for_ids_outside_the_link_finds_nothing(
    shared_secret: Callable[..., str], client: Client, search: str
) -> None:
    page = client.get(f"/s/{shared_secret(may_see_rows=True)}/rows?search={search}").content.decode()
    assert 'data-value="0"' in page


@pytest.mark.parametrize(
    ("query", "back", "forth"),
    [
        ("", False, False),
        ("from=2026-03-08&to=2026-03-14", True, True),
        ("from=2026-03-01&to=2026-03-07", False, True),
        ("from=2026-03-25&to=2026-03-31", True, False),
    ],
)
def test_periods_step_within_the_link(
    shared_secret: Callable[..., str], client: Client, query: str, back: bool, forth: bool
) -> None:
    page = client.get(f"/s/{shared_secret(may_see_rows=False)}?{query}").content.decode()
    assert (('aria-label="Previous period: ' in page), ('aria-label="Next period: ' in page)) == (back, forth)


def test_customers_are_listed_only_by_links_with_rows(shared_secret: Callable[..., str], client: Client) -> None:
    with_rows, without = shared_secret(may_see_rows=True), shared_secret(may_see_rows=False)
    for below in ("/rows", "/widgets/customers", "/filters/customer", "/filters/conversation"):
        assert client.get(f"/s/{with_rows}{below}").status_code == 200
        assert client.get(f"/s/{without}{below}").status_code == 404
    assert "c2" in client.get(f"/s/{with_rows}/rows").content.decode()
    assert "/filters/customer" not in client.get(f"/s/{without}").content.decode()


def test_a_fixed_filter_can_be_narrowed_and_reset_but_not_widened(
    shared_secret: Callable[..., str], client: Client
) -> None:
    secret = shared_secret(query="bot=b1&bot=hidden-bot&from=2026-03-01&to=2026-03-31&timezone=UTC")
    whole = client.get(f"/s/{secret}").content.decode()
    narrowed = client.get(f"/s/{secret}?bot=b1").content.decode()
    choices = client.get(f"/s/{secret}/filters/bot?bot=b1").content.decode()
    assert "Remove filter: Bot" not in whole
    assert "Remove filter: Bot" in narrowed
    assert 'value="hidden-bot"' in choices


@pytest.mark.parametrize(("query", "code"), [("period=soon", "parameter_invalid"), ("from=1", "date_invalid")])
def test_an_invalid_address_is_refused_on_shared_pages_too(
    shared_secret: Callable[..., str], client: Client, query: str, code: str
) -> None:
    answer = client.get(f"/s/{shared_secret(may_see_rows=False)}?{query}")
    assert answer.status_code == 400
    assert code in answer.content.decode()
    with pytest.raises(Refused):
        address_of_query(query)
