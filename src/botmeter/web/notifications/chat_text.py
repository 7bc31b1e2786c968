"""Chat messages, with an email's contents."""

import re
from collections.abc import Mapping
from typing import Any, Final

from botmeter.people.notifications.delivery import ChatText
from botmeter.web.notifications.mail_frame import MailPage

# Of Slack, which refuses the whole message otherwise: a title, a section, a label of a button.
_TITLE_CHARACTERS_MAX: Final = 150
_SECTION_CHARACTERS_MAX: Final = 3_000
_LABEL_CHARACTERS_MAX: Final = 75
# A name must not call everybody in the channel. The invisible space is between the sign and the word.
_MENTION: Final = re.compile(r"@(?=(channel|here|everyone|all)\b)", re.IGNORECASE)


def chat_of(page: MailPage) -> ChatText:
    """Write title, sentences, figures and link as a chat message."""
    figures = [f"{each.label}: {each.value}{f' ({each.detail})' if each.detail else ''}" for each in page.figures]
    paragraphs = ["\n\n".join(page.sentences), "\n".join(figures)]
    body = escaped("\n\n".join(each for each in paragraphs if each))
    link = f"<{page.link.href}|{escaped(page.link.label)}>" if page.link else ""
    return ChatText(
        text="\n".join(each for each in (escaped(page.title), body, link) if each),
        blocks=tuple(_blocks(page, body)),
    )


def escaped(text: str) -> str:
    """Escape what Slack, Mattermost and Rocket.Chat read as links and mentions."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MENTION.sub("@\u200b", plain)


def _blocks(page: MailPage, body: str) -> list[Mapping[str, Any]]:
    title = {"type": "plain_text", "text": _cut(page.title, _TITLE_CHARACTERS_MAX)}
    blocks: list[Mapping[str, Any]] = [{"type": "header", "text": title}]
    if body:
        section = {"type": "mrkdwn", "text": _cut(body, _SECTION_CHARACTERS_MAX)}
        blocks.append({"type": "section", "text": section})
    if page.link is not None:
        label = {"type": "plain_text", "text": _cut(page.link.label, _LABEL_CHARACTERS_MAX)}
        button = {"type": "button", "text": label, "url": page.link.href}
        blocks.append({"type": "actions", "elements": [button]})
    return blocks


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
