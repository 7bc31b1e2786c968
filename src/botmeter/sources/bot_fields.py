"""The bot of an event, as fields of a record: an identity of the source, the platform's own bot, or the default.

One rule for all platforms. A sender on the source's list is the bot that the list says. A bot that the platform
names itself is that one. Whoever is left, a customer or a bot that has no name, is with the source's default bot.
"""

from botmeter.domain.source import BotIdentity, Source

Fields = dict[str, object]


def default_bot(source: Source) -> Fields:
    """The source's own bot; empty: it has none."""
    if source.bot_id is None:
        return {}
    return {"bot_id": source.bot_id, "bot_name": source.bot_name, "bot_version": source.bot_version}


def listed_bot(source: Source, identity: BotIdentity, *, name: str | None = None) -> Fields:
    """The bot that the source's list says.

    Args:
        name: What the platform calls it; None: nothing.
    """
    return {
        "bot_id": identity.bot_id,
        "bot_name": identity.bot_name or name,
        "bot_version": identity.bot_version or source.bot_version,
    }


def platform_bot(source: Source, bot_id: str, *, name: str | None = None) -> Fields:
    """A bot that the platform itself names."""
    return {"bot_id": bot_id, "bot_name": name, "bot_version": source.bot_version}
