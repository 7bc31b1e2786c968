"""Each published rule on a few events, to be checked with a pencil. The notation: `support/event_lines.py`."""

import pytest
from tests.support.event_lines import events_from_lines
from tests.support.session_counts import session_count

from botmeter.metering.preset import preset, presets

# preset, sessions, events
CASES = [
    ("freshchat.session", 1, "1 23:59 customer\n2 23:58 customer"),
    ("freshchat.session", 2, "1 23:59 customer\n2 23:59 customer"),
    ("freshchat.session", 1, "1 10:00 bot\n1 10:01 customer bot=b2 preview=true\n1 10:02 customer channel=sms"),
    ("kore.conversation", 1, "1 10:00 customer\n1 10:14 customer\n1 10:28 customer"),
    ("kore.conversation", 2, "1 10:00 customer\n1 10:14 bot\n1 10:15 customer"),
    ("kore.conversation", 0, "1 10:00 bot"),
    ("genesys.botflow", 1, "8× 1 10:00 customer bot"),
    ("genesys.botflow", 2, "9× 1 10:00 customer bot"),
    ("dialogflow.session", 1, "40× 1 10:00 customer bot"),
    ("dialogflow.session", 3, "81× 1 10:00 customer bot"),
    ("dialogflow.session", 2, "1 10:00 customer\n1 10:30 customer"),
    ("dialogflow.request", 3, "3× 1 10:00 customer bot"),
    ("lex.request", 3, "3× 1 10:00 customer bot"),
    ("kommunicate.mau", 1, "1 10:00 customer\n31 23:59 customer channel=sms"),
    ("kommunicate.mau", 2, "1 10:00 customer\n2 10:00 customer customer=c2"),
    ("chatmaxima.mau", 1, "1 10:00 customer conversation=v1\n31 23:59 customer conversation=v2"),
    ("chatlayer.conversation", 2, "1 10:00 customer\n1 10:01 customer channel=sms"),
    ("chatlayer.conversation", 1, "1 10:00 bot\n1 10:14 customer\n1 10:28 bot"),
    ("xcally.conversation", 1, "15× 1 10:00 customer bot"),
    ("xcally.conversation", 2, "16× 1 10:00 customer bot"),
    ("xcally.conversation", 2, "1 10:00 customer\n1 10:40 customer"),
    ("zendesk.bot-mau", 1, "1 10:00 customer\n31 10:00 customer"),
    ("typebot.chat", 1, "1 10:00 customer\n31 10:00 customer"),
    ("typebot.chat", 2, "1 10:00 customer conversation=v1\n1 10:00 customer conversation=v2"),
    ("freshworks.email", 2, "1 10:00 customer bot channel=email\n1 11:00 bot channel=email\n1 11:00 bot"),
    ("freshworks.voice", 3, "3× 1 10:00 customer bot channel=voice\n1 11:00 bot"),
    ("exotel.session", 0, "1 10:00 bot"),
    ("exotel.session", 2, "1 10:00 customer bot\n1 10:01 customer restart\n1 10:02 customer bot"),
    ("exotel.session", 2, "1 10:00 customer bot\n1 10:15 customer bot"),
    ("exotel.conversation-web", 2, "1 18:29 customer\n1 18:30 customer"),
    ("exotel.conversation-web", 1, "1 18:30 customer\n2 18:29 customer"),
    ("exotel.conversation-whatsapp", 1, "1 18:29 customer channel=whatsapp\n2 18:28 customer channel=whatsapp"),
    ("exotel.conversation-whatsapp", 2, "1 18:29 customer channel=whatsapp\n2 18:29 customer channel=whatsapp"),
    ("kore.usage", 2, "1 10:00 customer\n1 10:10 bot\n1 10:17 customer"),
    ("kore.usage", 3, "1 10:00 customer\n1 10:15 customer\n1 10:31 customer"),
    ("cognigy.2022", 2, "49× 1 23:59 customer\n29× 2 00:01 customer"),
    ("cognigy.2022", 3, "5× 1 23:59 customer\n73× 2 00:01 customer"),
    ("cognigy.24h-reload", 2, "1 10:00 customer\n1 10:01 customer restart\n1 10:02 customer"),
    ("cognigy.24h-reload", 2, "1 10:00 customer\n2 10:00 customer"),
    ("cognigy.current", 1, "1 10:00 customer\n2 10:00 customer"),
    ("cognigy.current", 3, "101× 1 10:00 customer"),
    ("liveperson.dar", 1, "1 00:00 agent\n1 23:59 customer"),
    ("liveperson.dar", 2, "1 23:59 bot\n2 00:00 customer"),
    ("genesys.legacy", 2, "1 10:00 customer\n31 10:00 customer channel=sms"),
    ("google.agentassist", 1, "35× 1 10:00 customer agent"),
    ("google.agentassist", 2, "35× 1 10:00 customer agent\n1 11:00 customer"),
    ("ibm.mau", 2, "51× 1 10:00 customer bot"),
    ("ibm.mau", 2, "1 10:00 customer bot bot=b1\n1 11:00 customer bot bot=b2"),
    ("ibm.mau", 0, "1 10:00 customer"),
    ("agentforce.conversation", 2, "1 10:00 bot\n2 09:59 customer\n2 10:00 customer"),
    ("agentforce.sdr", 1, "1 10:00 bot channel=email\n9 10:00 customer channel=email\n30 10:00 bot channel=email"),
    ("agentforce.sdr", 2, "1 10:00 bot channel=email\n9 10:00 system restart channel=email\n9 11:00 bot channel=email"),
    ("chatfuel.conversation", 1, "1 10:00 customer\n2 09:59 agent\n3 09:58 customer"),
    ("chatfuel.conversation", 2, "1 10:00 customer\n2 10:00 customer"),
    ("trengo.conversation", 1, "1 10:00 customer\n1 11:00 agent\n8 10:59 agent"),
    ("trengo.conversation", 2, "1 11:00 agent\n8 11:00 agent"),
    ("trengo.conversation", 0, "1 10:00 customer\n1 10:01 bot flag=auto_reply"),
    ("agentred.conversation", 2, "1 10:00 customer bot\n1 10:01 system handoff\n1 10:02 customer bot"),
    ("agentred.conversation", 2, "51× 1 10:00 customer bot"),
    ("agentred.conversation", 0, "1 10:00 customer bot flag=test\n1 11:00 customer"),
    ("flint.conversation", 1, "1 10:00 customer bot\n2 10:00 customer"),
    ("gorgias.ticket-chat", 1, "1 10:00 customer agent\n4 09:59 customer\n7 09:58 bot"),
    ("gorgias.ticket-chat", 2, "1 10:00 customer agent\n4 10:01 customer bot"),
    ("gorgias.ticket-chat", 0, "1 10:00 customer"),
    ("gorgias.ticket-email", 1, "1 10:00 customer agent channel=email\n11 09:59 agent channel=email"),
    ("gorgias.ticket-email", 2, "1 10:00 agent channel=email\n11 10:00 agent channel=email"),
    ("quriobot.chat", 1, "1 10:00 bot\n1 10:01 customer\n20 10:00 bot"),
    ("quriobot.chat", 0, "1 10:00 bot preview=true\n1 10:01 customer preview=true"),
    ("simplechat.resolution", 2, "1 10:00 customer bot\n1 10:05 agent resolved\n1 10:10 customer bot"),
    ("simplechat.resolution", 1, "1 10:00 customer bot agent\n1 10:05 agent resolved\n1 10:10 customer bot"),
]


@pytest.mark.parametrize(("name", "sessions", "lines"), CASES)
def test_a_published_rule_counts_the_sessions_of_its_table(name: str, sessions: int, lines: str) -> None:
    assert session_count(events_from_lines(lines), preset(name).policy) == sessions


def test_every_preset_has_a_table() -> None:
    assert {name for name, _, _ in CASES} == {each.name for each in presets()}
