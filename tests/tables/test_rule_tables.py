"""Each parameter of a policy on a few events. The notation: `support/event_lines.py`.

A session is drawn as its opening event, the number of its events, and the limit that closed it.
"""

import pytest
from tests.support.event_lines import events_from_lines
from tests.support.session_counts import sessions_drawn

from botmeter.domain.instant import us_from_text
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT, Policy
from botmeter.metering.policy_text import policy_from_text

DAY = 'max_duration = "24h"\n'
IDLE = 'idle_timeout = "30m"\n'

# what it shows, policy, events, sessions
CASES = [
    (
        "a customer message exactly 24 hours later opens the next session",
        DAY,
        "1 10:00 customer\n2 09:59:59.999999 customer\n2 10:00 customer",
        ["e001+2 duration", "e003+1 duration"],
    ),
    (
        "nothing but a customer's message to a bot opens",
        DAY,
        "1 10:00 bot\n1 10:01 customer bot=none\n1 10:02 agent",
        [],
    ),
    (
        "a bot's message outside every session belongs to none",
        DAY,
        "1 10:00 bot\n1 10:01 customer",
        ["e002+1 duration"],
    ),
    ("only a message opens", DAY, "1 10:00 customer conversation_created\n1 10:01 customer", ["e002+1 duration"]),
    (
        "other kinds are members when they take part",
        DAY,
        "1 10:00 customer\n1 10:01 bot ticket_linked\n1 10:02 system resolved",
        ["e001+2 duration"],
    ),
    (
        "an event at the limit is inside when the end is inclusive",
        DAY + "inclusive_end = true",
        "1 10:00 customer\n2 10:00 customer\n2 10:00:00.000001 customer",
        ["e001+2 duration", "e003+1 duration"],
    ),
    (
        "under the idle clock any, a bot's reminder keeps the session alive",
        IDLE,
        "1 10:00 customer\n1 10:29 bot\n1 10:58 customer\n1 11:28 customer",
        ["e001+3 idle", "e004+1 idle"],
    ),
    (
        "under the idle clock customer, it does not",
        IDLE + 'idle_clock = "customer"',
        "1 10:00 customer\n1 10:29 bot\n1 10:58 customer",
        ["e001+2 idle", "e003+1 idle"],
    ),
    (
        "a session never crosses a local midnight",
        'calendar = "day"\ntimezone = "Asia/Kathmandu"',
        "1 18:14 customer\n1 18:15 customer",
        ["e001+1 calendar", "e002+1 calendar"],
    ),
    (
        "the midnight itself is the new day, and of two limits at one instant the duration is named",
        DAY + 'inclusive_end = true\ncalendar = "day"',
        "1 23:59 customer\n2 00:00 customer",
        ["e001+1 calendar", "e002+1 duration"],
    ),
    (
        "of several limits the earliest closes",
        DAY + IDLE + 'calendar = "day"',
        "1 23:50 customer\n2 00:00 customer",
        ["e001+1 calendar", "e002+1 idle"],
    ),
    (
        "the turn after the last opens the next session",
        'max_turns = 2\nturn_of = "any"',
        "1 10:00 customer bot\n1 10:01 bot\n1 10:02 customer",
        ["e001+2 turns", "e004+1 open"],
    ),
    (
        "three customer messages before an answer are one exchange",
        'max_turns = 1\nturn_of = "exchange"',
        "3× 1 10:00 customer\n2× 1 10:01 bot\n1 10:02 customer",
        ["e001+5 turns", "e006+1 open"],
    ),
    (
        "an end closes, whoever sends it, and never opens",
        'ends_on = ["resolved"]',
        "1 09:00 customer resolved\n1 10:00 customer\n1 10:01 system resolved\n1 10:02 bot\n1 10:03 customer",
        ["e002+1 end", "e005+1 open"],
    ),
    (
        "at one instant the restart comes first and the end last",
        'ends_on = ["restart", "customer_end"]',
        "1 10:00 customer customer_end\n1 10:00 customer\n1 10:00 customer restart",
        ["e002+2 end"],
    ),
    (
        "the answer opens an exchange and starts its clock",
        DAY + 'opens_on = "exchange"',
        "1 10:00 bot\n1 11:00 bot\n1 12:00 customer\n2 11:59 bot\n2 12:00 bot\n2 13:00 customer",
        ["e003+2 duration", "e006+1 duration"],
    ),
    (
        "outbound messages open, the customer's do not",
        'opens_on = "outbound"',
        "1 10:00 customer\n1 10:01 bot\n1 10:02 customer",
        ["e002+2 open"],
    ),
    (
        "what is excluded is gone before anything else",
        DAY + 'exclude = ["preview", "test"]',
        "1 10:00 customer preview=true\n1 11:00 customer flag=test\n1 12:00 customer\n2 11:59 customer",
        ["e003+2 duration"],
    ),
    (
        "what does not match is gone too",
        DAY + 'match = { channel = ["web"] }',
        "1 10:00 customer channel=sms\n1 12:00 customer",
        ["e002+1 duration"],
    ),
    (
        "each bot has its own session when the scope names it",
        DAY + 'scope = ["customer", "bot"]',
        "1 10:00 customer bot=b1\n1 10:01 customer bot=b2\n1 10:02 bot bot=b1",
        ["e001+2 duration", "e002+1 duration"],
    ),
    (
        "a session without an answer is none, yet held its time",
        DAY + "require = { min_bot = 1 }",
        "1 10:00 customer\n2 09:00 customer\n2 10:00 customer bot",
        ["e003+2 duration"],
    ),
    (
        "an agent's message voids the session though agents take no part",
        "require = { max_agent = 0 }\nends_on = ['resolved']",
        "1 10:00 customer agent\n1 10:01 system resolved\n1 10:02 customer",
        ["e004+1 open"],
    ),
    (
        "agents who take part are counted against the most that is allowed",
        'participants = "bot+agent"\nrequire = { max_agent = 1 }\nends_on = ["resolved"]',
        "1 10:00 customer agent agent\n1 10:01 system resolved\n1 10:02 customer agent",
        ["e005+2 open"],
    ),
    (
        "an agent who takes part keeps the session alive and voids it",
        'participants = "bot+agent"\nrequire = { max_agent = 0 }\nidle_timeout = "30m"',
        "1 10:00 customer\n1 10:20 agent\n1 10:45 customer\n1 11:20 customer",
        ["e004+1 idle"],
    ),
    (
        "agents take part when they are let in",
        'participants = "bot+agent"\nopens_on = "any"',
        "1 10:00 system\n1 10:01 agent\n1 10:02 customer bot=none",
        ["e002+2 open"],
    ),
]


@pytest.mark.parametrize(("policy", "lines", "drawn"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_rule_on_its_table(policy: str, lines: str, drawn: list[str]) -> None:
    assert sessions_drawn(events_from_lines(lines), [(policy_from_text(policy), ALWAYS_US)]) == drawn


def test_a_session_keeps_the_policy_under_which_it_opened() -> None:
    hourly = Policy(name="hourly", max_duration_us=3_600_000_000)
    schedule = [(FRESHCHAT, ALWAYS_US), (hourly, us_from_text("2026-03-02T00:00:00Z"))]
    lines = "1 23:00 customer\n2 22:00 customer\n2 23:00 customer\n3 00:00 customer"
    assert sessions_drawn(events_from_lines(lines), schedule) == [
        "e001+2 duration",
        "e003+1 duration",
        "e004+1 duration",
    ]


def test_what_a_session_without_an_answer_took_opens_none_under_the_next_policy() -> None:
    answered = policy_from_text(DAY + "require = { min_bot = 1 }", name_hint="answered")
    schedule = [(answered, ALWAYS_US), (FRESHCHAT, us_from_text("2026-03-02T00:00:00Z"))]
    lines = "1 23:00 customer\n2 22:00 customer\n2 23:00 customer"
    assert sessions_drawn(events_from_lines(lines), schedule) == ["e003+1 duration"]


@pytest.mark.parametrize(
    ("lines", "drawn"),
    [
        # 23 local hours lie between these noons in New York, and a day of UTC has 24 all the same.
        ("7 17:00 customer\n8 16:00 customer\n8 17:00 customer", ["e001+2 duration", "e003+1 duration"]),
        # One late event at 0 h moves every session after it.
        ("1 10:00 customer\n2 01:00 customer\n2 09:00 customer", ["e001+3 duration"]),
        (
            "1 00:00 customer\n1 10:00 customer\n2 01:00 customer\n2 09:00 customer",
            ["e001+2 duration", "e003+2 duration"],
        ),
    ],
)
def test_the_default_window_is_24_hours_of_elapsed_time(lines: str, drawn: list[str]) -> None:
    assert sessions_drawn(events_from_lines(lines), [(FRESHCHAT, ALWAYS_US)]) == drawn


def test_a_calendar_day_can_have_23_hours() -> None:
    policy = policy_from_text('calendar = "day"\ntimezone = "America/New_York"\nopens_on = "any"')
    lines = "8 04:59 customer\n8 05:00 customer\n9 03:59 customer\n9 04:00 customer"
    drawn = sessions_drawn(events_from_lines(lines), [(policy, ALWAYS_US)])
    assert drawn == ["e001+1 calendar", "e002+2 calendar", "e004+1 calendar"]
