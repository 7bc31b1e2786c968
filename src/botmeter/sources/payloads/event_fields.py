"""Event fields determined by customer and bot."""

from botmeter.domain.source import BotIdentity, Source

Fields = dict[str, object]


def customer_fields(conversation_id: str | None, customer_id: str | None) -> Fields:
    """Both ids; the conversation replaces an unknown customer, and an attribute says so."""
    if customer_id is not None:
        return {"conversation_id": conversation_id, "customer_id": customer_id}
    return {
        "conversation_id": conversation_id,
        "customer_id": conversation_id,
        "attributes": {"customer_source": "conversation"},
    }


def default_bot(source: Source) -> Fields:
    """Fields of the default bot; empty without one."""
    if source.bot_id is None:
        return {}
    return {"bot_id": source.bot_id, "bot_name": source.bot_name, "bot_version": source.bot_version}


def identity_bot(source: Source, identity: BotIdentity, *, name: str | None = None) -> Fields:
    """Fields of a bot identity; `name` applies if it has none."""
    return {
        "bot_id": identity.bot_id,
        "bot_name": identity.bot_name or name,
        "bot_version": identity.bot_version or source.bot_version,
    }


def platform_bot(source: Source, bot_id: str, *, name: str | None = None) -> Fields:
    """Fields of a bot named by the platform."""
    return {"bot_id": bot_id, "bot_name": name, "bot_version": source.bot_version}
