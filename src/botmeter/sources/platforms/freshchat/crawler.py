"""Crawler of Freshchat's changed users by slices of time, then of known conversations.

Freshchat lists no conversations: an unchanged user's is missed if all its deliveries were lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from botmeter.domain.errors import Missing
from botmeter.domain.instant import MICROSECONDS_PER_SECOND
from botmeter.sources.payloads.crawlers import Crawl
from botmeter.sources.payloads.payload_json import JsonObject, text_of
from botmeter.sources.payloads.pull_window import OVERLAP_US, Remaining, whole_window
from botmeter.sources.payloads.pulled import PulledConversation
from botmeter.sources.platforms.freshchat.pull import (
    USERS_PATH,
    conversation_in,
    conversation_path,
    ids_in,
    message_us,
    objects_of_page,
    page_query,
    read_conversation,
    user_conversations_path,
    users_query,
)

# Limit of users and conversations, so that an interrupted pull has completed some slices.
_SLICE_MAX: Final = 200
_WIDTH_MIN_US: Final = 60 * MICROSECONDS_PER_SECOND


@dataclass(slots=True, kw_only=True)
class FreshchatCrawler:
    """Crawler of one pull."""

    crawl: Crawl
    _visited: set[str] = field(init=False, default_factory=set)
    _done_us: int | None = field(init=False, default=None)

    def conversations(self) -> Iterator[PulledConversation]:
        first_us = self.crawl.window.recent_us
        width_us = self.crawl.now_us - first_us
        while first_us < self.crawl.now_us:
            end_us = min(first_us + width_us, self.crawl.now_us)
            users = self._users(first_us, end_us)
            known = [number for number, last_us in self.crawl.known if first_us <= last_us < end_us]
            if len(users) + len(known) > _SLICE_MAX and width_us > _WIDTH_MIN_US:
                width_us = max(width_us // 2, _WIDTH_MIN_US)
                continue
            for user in users:
                yield from self._of_user(user)
            for number in known:
                yield from self._one(number, user=None)
            self._done_us = first_us = end_us
            width_us *= 2

    def left(self) -> Remaining:
        if self._done_us is None:
            return whole_window(self.crawl.window)
        # Users of later slices can lack messages as old as the floor.
        return Remaining(next_us=self._done_us + OVERLAP_US, floor_us=self.crawl.window.floor_us)

    def _users(self, first_us: int, end_us: int) -> tuple[str, ...]:
        """Users changed in a slice; more than `_SLICE_MAX` if too many."""
        users: dict[str, None] = {}
        for page in count(1):
            before = len(users)
            body = self.crawl.call(USERS_PATH, users_query(first_us, end_us, page=page))
            users.update(dict.fromkeys(ids_in(body, name="users")))
            if len(users) == before or (len(users) > _SLICE_MAX and end_us - first_us > _WIDTH_MIN_US):
                break
        return tuple(users)

    def _of_user(self, user: str) -> Iterator[PulledConversation]:
        try:
            numbers = ids_in(self.crawl.call(user_conversations_path(user)), name="conversations")
        except Missing:
            return
        for number in numbers:
            yield from self._one(number, user=user)

    def _one(self, number: str, *, user: str | None) -> Iterator[PulledConversation]:
        if number in self._visited:
            return
        self._visited.add(number)
        try:
            messages = list(self._messages(number))
            if all((message_us(each) or self.crawl.window.floor_us) < self.crawl.window.floor_us for each in messages):
                return
            conversation = conversation_in(self.crawl.call(conversation_path(number)))
        except Missing:
            # Deleted since it became known.
            return
        yield read_conversation(conversation, messages, user=user, source=self.crawl.source)

    def _messages(self, number: str) -> Iterator[JsonObject]:
        done: set[str | None] = set()
        for page in count(1):
            body = self.crawl.call(f"{conversation_path(number)}/messages", page_query(page))
            listed = objects_of_page(body, name="messages")
            fresh = [each for each in listed if text_of(each.get("id")) not in done]
            if not fresh:
                return
            done.update(text_of(each.get("id")) for each in fresh)
            yield from fresh
            instants = [us for us in map(message_us, listed) if us is not None]
            # Old messages end the list only if the latest come first, as they do.
            is_falling = len(instants) > 1 and instants[0] > instants[-1]
            if is_falling and max(instants) < self.crawl.window.floor_us:
                return
