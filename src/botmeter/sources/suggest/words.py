"""Names and values that exports use for event fields."""

import re
from unicodedata import combining, normalize

# By preference; the words of a name are joined by "_".
NAMES: dict[str, tuple[str, ...]] = {
    "event_id": (
        *("event_id", "message_id", "msg_id", "id", "uuid", "guid", "message_uuid", "event_uuid", "response_id"),
        *("activity_id", "external_id", "entry_id", "record_id", "row_id", "nr", "no", "number"),
    ),
    "occurred_at": (
        *("occurred_at", "event_time", "sent_at", "message_time", "timestamp", "created_at", "sent", "send_time"),
        *("sent_time", "time_sent", "date_sent", "request_time", "event_timestamp", "message_timestamp"),
        *("created_date", "created_time", "created_datetime", "created_on", "created", "datetime", "date_time"),
        *("date", "time", "ts", "at", "start_time", "start_date_time", "started_at", "begin_at", "received_at"),
        *("posted_at", "published_at", "logged_at", "message_date", "datum", "fecha", "zeit", "zeitpunkt"),
        *("zeitstempel", "gesendet", "data", "horodatage"),
    ),
    "conversation_id": (
        *("conversation_id", "conversation_uuid", "chat_id", "thread_id", "session_id", "dialog_id", "dialogue_id"),
        *("conversation_name", "conversation", "chat", "thread", "session", "room_id", "ticket_id", "case_id"),
        *("conv_id", "interaction_id", "transcript_id", "channel_id", "dialog", "room", "ticket", "unterhaltung"),
        *("conversation_key", "session_uuid", "chat_uuid", "gesprach", "conversacion", "workspace_name"),
    ),
    "customer_id": (
        *("customer_id", "user_id", "visitor_id", "contact_id", "client_id", "end_user_id", "requester_id"),
        *("customer_phone", "phone_number", "phone", "wa_id", "msisdn", "mobile", "customer_email"),
        *("user_email", "visitor_email", "contact_email", "email", "customer", "visitor", "contact", "client"),
        *("user", "username", "user_name", "customer_name", "contact_name", "visitor_name", "author_id", "sender_id"),
        *("from_id", "uid", "psid", "lead_id", "guest_id", "person_id", "subscriber_id", "device_id", "telefon"),
        *("kunde", "kaufer", "cliente", "author", "sender", "from"),
    ),
    "actor": (
        *("actor", "sender_type", "author_type", "role", "author_role", "sender_role", "user_type", "participant_type"),
        *("from_type", "actor_type", "who", "sender", "author", "from", "direction", "message_direction", "source"),
        *("message_type", "type", "participant", "speaker", "is_bot", "from_bot", "author_is_bot", "sender_is_bot"),
        *(
            "author_bot",
            "from_me",
            "is_from_me",
            "from_agent",
            "is_customer",
            "is_user",
            "originator",
            "wer",
            "von",
            "absender",
        ),
    ),
    "kind": ("kind", "event_type", "event_name", "event", "message_type", "action", "type"),
    "bot_id": ("bot_id", "bot", "chatbot_id", "assistant_id", "agent_id", "virtual_agent_id", "flow_id", "skill_id"),
    "bot_name": ("bot_name", "chatbot_name", "assistant_name", "virtual_agent_name"),
    "bot_version": ("bot_version", "flow_version", "agent_version"),
    "channel": ("channel", "channel_type", "channel_name", "platform", "medium", "origin", "kanal", "canal"),
    "ticket_id": ("ticket_id", "ticket_number", "case_number"),
    "ticket_type": ("ticket_type", "case_type", "issue_type"),
    "preview": ("preview", "is_preview", "is_test", "test_mode", "is_design_mode", "sandbox"),
}

# Numbers under such a name are times, if their size is that of one.
TIME_ENDINGS = ("_at", "_on", "_time", "_date", "_ts", "timestamp", "datetime")
# A time of something else than the message.
OTHER_TIME_WORDS = frozenset(
    {"updated", "modified", "edited", "ended", "end", "closed", "finished", "last", "expires", "expired", "birth"}
    | {"birthday", "deleted", "read", "delivered", "seen", "resolved", "until", "next", "due"}
)

ACTORS: dict[str, str] = {
    **dict.fromkeys(("customer", "user", "visitor", "contact", "client", "human", "guest", "lead"), "customer"),
    **dict.fromkeys(("enduser", "consumer", "requester", "caller", "person", "subscriber", "member"), "customer"),
    **dict.fromkeys(("incoming", "inbound", "in", "received", "kunde", "cliente", "usuario", "buyer"), "customer"),
    **dict.fromkeys(("bot", "assistant", "chatbot", "ai", "virtualagent", "virtualassistant", "model"), "bot"),
    **dict.fromkeys(("automation", "automated", "botmessage", "autoresponder", "trigger", "robot", "answerbot"), "bot"),
    **dict.fromkeys(("agent", "operator", "admin", "staff", "teammate", "representative", "employee"), "agent"),
    **dict.fromkeys(
        ("support", "supportagent", "humanagent", "liveagent", "advisor", "agente", "mitarbeiter"), "agent"
    ),
    **dict.fromkeys(("system", "event", "note", "internal", "notification", "activity", "info", "unengaged"), "system"),
}
# Who sends them can't be known from the word.
OUTGOING = frozenset({"outgoing", "outbound", "out", "sent"})

KINDS: dict[str, str] = {
    **dict.fromkeys(("message", "chat", "text", "comment", "msg", "chatmsg", "utterance"), "message"),
    **dict.fromkeys(("resolved", "closed", "close", "conversationclosed", "conversationresolved"), "resolved"),
    **dict.fromkeys(("handoff", "handover", "transfer", "transferred", "escalated", "escalation"), "handoff"),
    **dict.fromkeys(("conversationcreated", "conversationopened", "opened", "chatstarted"), "conversation_created"),
    **dict.fromkeys(("restart", "restarted"), "restart"),
}

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\dA-Za-z_]+")


def words_of(name: str) -> str:
    """Words of a name in lower case, joined by "_", without accents: `sentAt` is `sent_at`."""
    plain = "".join(letter for letter in normalize("NFKD", name) if not combining(letter))
    return "_".join(word.lower() for word in _WORD.findall(plain))


def letters_of(value: str) -> str:
    """Letters and digits of a value in lower case: `End-User` is `enduser`."""
    return "".join(character for character in value.lower() if character.isalnum())


def rank(field: str, names: tuple[str, ...]) -> int | None:
    """Rank of the best name in the field's list, whole names first; None: no name fits."""
    listed = NAMES[field]
    ranks = [listed.index(name) for name in names if name in listed]
    ranks += [
        len(listed) + index
        for index, known in enumerate(listed)
        for name in names
        if "_" in known and name.endswith(f"_{known}")
    ]
    return min(ranks, default=None)
