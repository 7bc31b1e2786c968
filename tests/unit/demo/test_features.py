"""Every feature of a real account that the demo promises is in it, and about as often as in life."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.unit.demo.demo_account import NOW_US, Demo, days_of

from botmeter.demo.retailer import BOTS, CHANNELS, OUTAGES, campaigns
from botmeter.domain.event import Actor, Kind
from botmeter.domain.instant import DAY_US, us_from_text


def share(flags: np.ndarray) -> float:
    return float(np.mean(flags))


def sessions_on(demo: Demo, first: str, *, day_count: int = 1) -> int:
    """Number of sessions that start on the `day_count` days from `first` on."""
    started_on = demo.started_on
    return int(((started_on >= np.datetime64(first)) & (started_on < np.datetime64(first) + day_count)).sum())


def events_with(demo: Demo, **values: int) -> pa.Table:
    """The events with this actor or kind."""
    events = demo.events
    for name, value in values.items():
        events = events.filter(pc.equal(events[name], value))
    return events


def per_conversation(demo: Demo) -> pa.Table:
    """One row per conversation: first and last instant, and number of tickets."""
    table = demo.events.select(["conversation_id", "occurred_at", "ticket_id"])
    return table.group_by("conversation_id").aggregate(
        [("occurred_at", "min"), ("occurred_at", "max"), ("ticket_id", "count_distinct")]
    )


def test_a_session_has_six_to_seven_events(demo: Demo) -> None:
    assert 6 <= len(demo.events) / len(demo.metered.sessions) <= 7.2


def test_the_account_grows_from_a_few_dozen_to_some_hundred_sessions_a_day(demo: Demo) -> None:
    assert 10 <= sessions_on(demo, "2022-03-01", day_count=31) / 31 <= 50
    assert 150 <= sessions_on(demo, "2026-10-01", day_count=31) / 31 <= 400


def test_the_weekend_is_quieter_than_monday(demo: Demo) -> None:
    weekdays = (demo.started_on.astype(np.int64) + 3) % 7
    counts = np.bincount(weekdays, minlength=7)
    assert counts[5] < 0.85 * counts[0]


def test_there_are_nights_in_the_customers_hours(demo: Demo) -> None:
    hours = np.bincount(demo.metered.sessions["started_at"].to_numpy() // (DAY_US // 24) % 24, minlength=24)
    assert hours[4] < 0.15 * hours[19]


@pytest.mark.parametrize("bot", BOTS, ids=lambda bot: bot.bot_id)
def test_each_bot_works_from_its_launch_on_in_every_version_released(demo: Demo, bot) -> None:
    mine = demo.events.filter(pc.equal(demo.events["bot_id"].cast(pa.string()), bot.bot_id))
    live = mine.filter(pc.invert(mine["preview"]))
    assert days_of(live["occurred_at"]).min() >= np.datetime64(bot.popularity.since)
    released = {release.version for release in bot.releases if str(release.released_on) <= "2026-11-22"}
    assert set(live["bot_version"].cast(pa.string()).to_pylist()) == released


def test_during_a_rollout_two_versions_are_in_use_at_once(demo: Demo) -> None:
    day = demo.events.filter(pa.array(days_of(demo.events["occurred_at"]) == np.datetime64("2026-11-02")))
    orders = day.filter(pc.equal(day["bot_id"].cast(pa.string()), "bot_orders"))
    seen = set(orders["bot_version"].cast(pa.string()).to_pylist())
    assert {"3.3", "4.0"} <= seen


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_each_channel_is_in_use_from_its_launch_on(demo: Demo, channel) -> None:
    mine = demo.events.filter(pc.equal(demo.events["channel"].cast(pa.string()), channel.name))
    since = np.datetime64(channel.popularity.since)
    assert since <= days_of(mine["occurred_at"]).min() < since + 60


def test_whatsapp_gains_on_the_web(demo: Demo) -> None:
    years = days_of(demo.events["occurred_at"]).astype("datetime64[Y]")
    whatsapp = pc.equal(demo.events["channel"].cast(pa.string()), "whatsapp").to_numpy()
    assert share(whatsapp[years == np.datetime64("2026")]) > 1.5 * share(whatsapp[years == np.datetime64("2023")])


def test_some_sessions_have_two_bots_or_more(demo: Demo) -> None:
    assert 0.03 <= share(demo.distinct_per_session("bot_id") > 1) <= 0.06


def test_some_sessions_cross_channels(demo: Demo) -> None:
    assert share(demo.distinct_per_session("channel") > 1) >= 0.01


def test_some_sessions_go_on_after_midnight(demo: Demo) -> None:
    sessions = demo.metered.sessions
    assert 0.08 <= share(days_of(sessions["started_at"]) != days_of(sessions["last_event_at"])) <= 0.12


def test_customers_come_back(demo: Demo) -> None:
    counts = demo.metered.sessions.group_by("customer_id").aggregate([("session_id", "count")])["session_id_count"]
    assert share(counts.to_numpy() > 1) > 0.2


def test_some_conversations_last_longer_than_a_session(demo: Demo) -> None:
    table = per_conversation(demo)
    lasted_us = table["occurred_at_max"].to_numpy() - table["occurred_at_min"].to_numpy()
    assert (lasted_us > DAY_US).sum() > 1_000
    assert lasted_us.max() < 14 * DAY_US


def test_one_or_two_sessions_of_a_hundred_are_previews(demo: Demo) -> None:
    assert 0.01 <= share(demo.metered.sessions["preview"].to_numpy(zero_copy_only=False)) <= 0.02


def test_previews_show_versions_before_their_release(demo: Demo) -> None:
    released_on = {(bot.bot_id, release.version): release.released_on for bot in BOTS for release in bot.releases}
    tested = demo.events.filter(demo.events["preview"]).select(["bot_id", "bot_version", "occurred_at"])
    tested = tested.filter(tested["bot_id"].is_valid())
    days = days_of(tested["occurred_at"])
    released = np.array([released_on[row["bot_id"], row["bot_version"]] for row in tested.to_pylist()], "datetime64[D]")
    assert share(days < released) > 0.95
    assert (released - days).astype(int).max() <= 14


def test_a_tenth_of_the_conversations_has_a_ticket(demo: Demo) -> None:
    assert 0.1 <= share(per_conversation(demo)["ticket_id_count_distinct"].to_numpy() > 0) <= 0.15


def test_some_conversations_have_two_tickets(demo: Demo) -> None:
    assert (per_conversation(demo)["ticket_id_count_distinct"].to_numpy() > 1).sum() > 100


def test_some_tickets_are_on_two_conversations(demo: Demo) -> None:
    named = demo.events.filter(demo.events["ticket_id"].is_valid()).select(["ticket_id", "conversation_id"])
    counts = named.group_by("ticket_id").aggregate([("conversation_id", "count_distinct")])
    assert (counts["conversation_id_count_distinct"].to_numpy() > 1).sum() > 100


def test_tickets_are_of_six_types(demo: Demo) -> None:
    types = set(demo.events["ticket_type"].cast(pa.string()).drop_null().to_pylist())
    assert types == {"refund", "delivery", "size exchange", "account", "complaint", "product question"}


@pytest.mark.parametrize(
    ("actor", "kind"),
    [
        (Actor.SYSTEM, Kind.TICKET_LINKED),
        (Actor.AGENT, Kind.TICKET_LINKED),
        (Actor.BOT, Kind.MESSAGE),
        (Actor.CUSTOMER, Kind.MESSAGE),
    ],
)
def test_tickets_are_linked_by_system_and_agents_and_named_in_messages(demo: Demo, actor: Actor, kind: Kind) -> None:
    assert events_with(demo, actor=actor, kind=kind)["ticket_id"].drop_null().length() > 0


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_event_occurs(demo: Demo, kind: Kind) -> None:
    assert len(events_with(demo, kind=kind)) > 1_000


def test_bots_hand_off_to_agents_and_come_back_later(demo: Demo) -> None:
    handed = events_with(demo, kind=Kind.HANDOFF)
    messages = events_with(demo, actor=Actor.AGENT, kind=Kind.MESSAGE)
    first_handoff = handed.group_by("conversation_id").aggregate([("occurred_at", "min")])
    bots = (
        events_with(demo, actor=Actor.BOT, kind=Kind.MESSAGE)
        .group_by("conversation_id")
        .aggregate([("occurred_at", "max")])
    )
    both = first_handoff.join(bots, "conversation_id")
    assert len(messages) > 10_000
    assert pc.sum(pc.greater(both["occurred_at_max"], both["occurred_at_min"])).as_py() > 500


@pytest.mark.slow
def test_some_greetings_are_never_answered(demo: Demo) -> None:
    customers = set(events_with(demo, actor=Actor.CUSTOMER)["conversation_id"].to_pylist())
    bots = set(events_with(demo, actor=Actor.BOT)["conversation_id"].to_pylist())
    assert len(bots - customers) > 1_000


def test_campaign_messages_mostly_stay_unanswered(demo: Demo) -> None:
    campaign = demo.events.filter(pc.match_substring(demo.events["attributes"], '"campaign"').fill_null(False))
    by_customers = set(campaign.filter(pc.equal(campaign["actor"], Actor.CUSTOMER))["conversation_id"].to_pylist())
    sent = set(campaign["conversation_id"].to_pylist())
    assert len(sent) > 2_000
    assert 0.02 < len(by_customers) / len(sent) < 0.2


def test_some_mail_programs_answer_by_themselves(demo: Demo) -> None:
    flagged = demo.events.filter(pc.match_substring(demo.events["attributes"], '"auto_reply":true').fill_null(False))
    assert len(flagged) > 20
    assert set(flagged["channel"].cast(pa.string()).to_pylist()) == {"email"}


@pytest.mark.parametrize("year", [2023, 2024, 2025])
def test_black_friday_doubles_the_sessions_of_the_friday_before(demo: Demo, year: int) -> None:
    friday = next(campaign.first_on for campaign in campaigns(year) if campaign.name.startswith("black-friday"))
    before = str(np.datetime64(friday) - 7)
    assert friday.weekday() == 4
    assert sessions_on(demo, str(friday)) > 1.8 * sessions_on(demo, before)


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: str(outage.on))
def test_in_an_outage_bots_fall_silent_and_then_answer_in_a_flood(demo: Demo, outage) -> None:
    answers = events_with(demo, actor=Actor.BOT)["occurred_at"].to_numpy()
    midnight_us = us_from_text(f"{outage.on}T00:00:00Z")
    start_us, end_us = (midnight_us + int(hour * DAY_US / 24) for hour in (outage.start_hour, outage.end_hour))

    def hourly(first_us: int, last_us: int) -> float:
        return ((answers >= first_us) & (answers < last_us)).sum() / (last_us - first_us) * DAY_US / 24

    week_before = hourly(start_us - 7 * DAY_US, end_us - 7 * DAY_US)
    assert hourly(start_us, end_us) < 0.1 * week_before
    assert hourly(end_us, end_us + DAY_US // 24) > 1.5 * week_before


def test_today_is_not_over(demo: Demo) -> None:
    assert 0 < sessions_on(demo, "2026-11-22") < sessions_on(demo, "2026-11-15")
    assert pc.max(demo.events["occurred_at"]).as_py() <= NOW_US
