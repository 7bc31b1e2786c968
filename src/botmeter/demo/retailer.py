"""Invented retailer as editable tables. Dates are UTC days."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from botmeter.domain.account import AVAILABLE_FROM_DEFAULT

ACCOUNT = "maple-and-moor"
TITLE = "Maple & Moor"
FIRST_ON = AVAILABLE_FROM_DEFAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class Popularity:
    """Share of all conversations.

    Attributes:
        since: Launch; growth takes a quarter.
        first: Weight after that quarter.
        later: Weight after four years; linear in between.
    """

    since: date
    first: float
    later: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Version of a bot, rolled out within `rollout_days`."""

    version: str
    released_on: date
    rollout_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """Bot of the retailer.

    Attributes:
        releases: Ascending from the launch.
        passes_to: Index in `BOTS`.
        ticket_types: Most frequent first.
    """

    bot_id: str
    name: str
    popularity: Popularity
    releases: tuple[Release, ...]
    passes_to: int
    ticket_types: tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Channel of the bots.

    Attributes:
        opens_with: `widget`: the bot greets first; `inbox`: the customer.
        pace: Factor on the time people take to answer.
    """

    name: str
    popularity: Popularity
    opens_with: str
    pace: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Country of customers, with its time zone."""

    timezone: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Days of more demand that open with a message to many customers.

    Attributes:
        uplift: Factor on demand.
        reach: Messages on the first day per ordinary conversation.
    """

    name: str
    first_on: date
    day_count: int
    uplift: float
    reach: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Hours of a UTC day in which the bots hardly answer."""

    on: date
    start_hour: float
    end_hour: float


def _releases(table: str) -> tuple[Release, ...]:
    releases = []
    for entry in table.split(","):
        version, day_text = entry.split()
        day_text, _, rollout = day_text.partition("+")
        releases.append(
            Release(version=version, released_on=date.fromisoformat(day_text), rollout_days=int(rollout or 0))
        )
    return tuple(releases)


BOTS = (
    Bot(
        bot_id="bot_orders",
        name="Order Status",
        popularity=Popularity(since=FIRST_ON, first=40, later=30),
        releases=_releases(
            "1.0 2022-02-04, 1.0.1 2022-02-15, 1.1 2022-05-24, 1.2 2022-10-11, 1.2.1 2022-10-14, 2.0 2023-04-18+9,"
            "2.0.1 2023-04-29, 2.1 2023-09-26, 2.2 2024-03-12+5, 2.2.1 2024-03-21, 3.0 2024-10-08+12,"
            "3.0.1 2024-10-24, 3.1 2025-03-25, 3.2 2025-09-16+7, 3.2.1 2025-11-20, 3.3 2026-04-14, 4.0 2026-10-27+14,"
            "4.0.1 2026-11-17, 4.1 2027-04-13+7"
        ),
        passes_to=5,
        ticket_types=("delivery", "complaint", "account"),
    ),
    Bot(
        bot_id="bot_returns",
        name="Returns & Refunds",
        popularity=Popularity(since=FIRST_ON, first=26, later=20),
        releases=_releases(
            "1.0 2022-02-04, 1.0.1 2022-03-01, 1.1 2022-06-28, 1.2 2023-01-10, 2.0 2023-06-13+10, 2.0.1 2023-06-27,"
            "2.1 2024-01-16, 2.1.1 2024-01-19, 2.2 2024-08-20+4, 3.0 2025-02-04+14, 3.0.1 2025-02-21,"
            "3.1 2025-08-12, 3.2 2026-02-10+5, 3.2.1 2026-02-18, 3.3 2026-09-08+7, 3.4 2027-02-09"
        ),
        passes_to=0,
        ticket_types=("refund", "size exchange", "complaint"),
    ),
    Bot(
        bot_id="bot_stores",
        name="Store Finder",
        popularity=Popularity(since=date(2022, 4, 20), first=14, later=7),
        releases=_releases(
            "1.0 2022-04-20, 1.0.1 2022-04-28, 1.1 2022-11-15, 1.2 2023-07-18, 2.0 2024-06-11+7, 2.1 2025-05-13,"
            "2.1.1 2025-05-16, 2.2 2026-06-02+3, 2.3 2027-01-19"
        ),
        passes_to=3,
        ticket_types=("complaint", "product question", "account"),
    ),
    Bot(
        bot_id="bot_advice",
        name="Product Advice",
        popularity=Popularity(since=date(2022, 9, 6), first=16, later=22),
        releases=_releases(
            "0.9 2022-09-06, 1.0 2022-11-08, 1.0.1 2022-11-22, 1.1 2023-03-14, 1.2 2023-10-24, 2.0 2024-05-14+14,"
            "2.0.1 2024-06-04, 2.1 2024-11-05, 2.2 2025-04-15+5, 2.2.1 2025-04-23, 3.0 2025-10-21+10,"
            "3.0.1 2025-11-06, 3.1 2026-05-19, 3.2 2026-10-06+5, 3.3 2027-03-16+5"
        ),
        passes_to=2,
        ticket_types=("product question", "size exchange", "complaint"),
    ),
    Bot(
        bot_id="bot_delivery",
        name="Delivery",
        popularity=Popularity(since=date(2023, 2, 14), first=17, later=21),
        releases=_releases(
            "1.0 2023-02-14, 1.0.1 2023-02-22, 1.1 2023-08-08, 1.2 2024-02-06, 2.0 2024-09-10+8, 2.0.1 2024-09-25,"
            "2.1 2025-06-17, 2.2 2025-12-02, 2.2.1 2025-12-05, 3.0 2026-07-14+10, 3.0.1 2026-07-30, 3.1 2027-05-11"
        ),
        passes_to=1,
        ticket_types=("delivery", "complaint", "refund"),
    ),
    Bot(
        bot_id="bot_loyalty",
        name="Fidélité Club",
        popularity=Popularity(since=date(2023, 10, 10), first=8, later=11),
        releases=_releases(
            "1.0 2023-10-10, 1.0.1 2023-10-17, 1.1 2024-04-23, 1.2 2024-12-03, 2.0 2025-07-08+7, 2.0.1 2025-07-22,"
            "2.1 2026-01-20, 2.2 2026-08-18+5, 2.2.1 2026-11-03, 2.3 2027-02-23"
        ),
        passes_to=0,
        ticket_types=("account", "complaint", "refund"),
    ),
)

CHANNELS = (
    Channel(name="web", popularity=Popularity(since=FIRST_ON, first=60, later=32), opens_with="widget", pace=1),
    Channel(
        name="whatsapp", popularity=Popularity(since=date(2022, 9, 13), first=12, later=30), opens_with="inbox", pace=4
    ),
    Channel(
        name="ios", popularity=Popularity(since=date(2023, 3, 21), first=9, later=15), opens_with="widget", pace=1.2
    ),
    Channel(
        name="android", popularity=Popularity(since=date(2023, 6, 20), first=8, later=14), opens_with="widget", pace=1.3
    ),
    Channel(name="messenger", popularity=Popularity(since=FIRST_ON, first=18, later=5), opens_with="inbox", pace=3),
    Channel(
        name="email", popularity=Popularity(since=date(2022, 5, 17), first=9, later=6), opens_with="inbox", pace=120
    ),
)

MARKETS = (
    Market(timezone="Europe/London", share=0.38),
    Market(timezone="Europe/Berlin", share=0.29),
    Market(timezone="America/New_York", share=0.33),
)

OUTAGES = (
    Outage(on=date(2025, 5, 20), start_hour=8.25, end_hour=14.5),
    # The second day of the rollout of Order Status 4.0.
    Outage(on=date(2026, 10, 28), start_hour=7.5, end_hour=16.0),
)

# Bot and channels of campaigns, as indexes in BOTS and CHANNELS; messages are sent only
# after all of them are launched.
CAMPAIGN_BOT = 5
CAMPAIGN_CHANNELS = (1, 5)


@cache
def campaigns(year: int) -> tuple[Campaign, ...]:
    """Campaigns that begin in `year`, in order."""
    first_thursday = 1 + (3 - date(year, 11, 1).weekday()) % 7
    black_friday_on = date(year, 11, first_thursday) + timedelta(days=22)
    return (
        Campaign(name=f"january-sale-{year}", first_on=date(year, 1, 3), day_count=12, uplift=1.35, reach=6),
        Campaign(name=f"summer-sale-{year}", first_on=date(year, 6, 28), day_count=14, uplift=1.3, reach=6),
        Campaign(name=f"black-friday-{year}", first_on=black_friday_on, day_count=4, uplift=2.6, reach=12),
        Campaign(name=f"gift-season-{year}", first_on=date(year, 12, 4), day_count=17, uplift=1.4, reach=5),
    )
