"""Crawler of Chatwoot's conversation list, whose front is read again at the end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from botmeter.domain.errors import Missing
from botmeter.sources.payloads.crawlers import Crawl
from botmeter.sources.payloads.payload_json import JsonObject, us_of
from botmeter.sources.payloads.pull_window import Remaining, whole_window
from botmeter.sources.payloads.pulled import PulledConversation
from botmeter.sources.platforms.chatwoot.pull import (
    ListedConversation,
    account_path,
    conversations_in,
    inboxes_in,
    message_number,
    messages_in,
    messages_path,
    read_conversation,
)

_ROUNDS_MAX: Final = 5
# A page of old conversations ends the list; two pages allow for one that moved in between.
_OLD_PAGES: Final = 2


@dataclass(slots=True, kw_only=True)
class ChatwootCrawler:
    """Crawler of one pull."""

    crawl: Crawl
    _account: str = field(init=False)
    _inboxes: dict[str, JsonObject] = field(init=False, default_factory=dict)
    _visited: set[str] = field(init=False, default_factory=set)
    _lowest_us: int | None = field(init=False, default=None)
    _has_ended: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        # Normalizes the number's notation.
        self._account = str(int(self.crawl.api_account))

    def conversations(self) -> Iterator[PulledConversation]:
        self._inboxes = inboxes_in(self.crawl.call(f"{account_path(self._account)}/inboxes"))
        window = self.crawl.window
        yield from self._round(first_us=window.recent_us if window.ceiling_us is None else window.floor_us)
        self._has_ended = True
        for _ in range(_ROUNDS_MAX):
            before = len(self._visited)
            yield from self._round(first_us=self.crawl.window.end_us)
            if len(self._visited) == before:
                return

    def left(self) -> Remaining:
        window = self.crawl.window
        if self._has_ended:
            # Moved conversations are recent for the next pull; their missing messages can be as old as the floor.
            return Remaining(next_us=window.end_us, floor_us=window.floor_us)
        if self._lowest_us is None:
            return whole_window(window)
        return Remaining(next_us=window.end_us, floor_us=window.floor_us, ceiling_us=self._lowest_us)

    def _round(self, *, first_us: int) -> Iterator[PulledConversation]:
        path = f"{account_path(self._account)}/conversations"
        query = {"status": "all", "assignee_type": "all", "sort_by": "last_activity_at_desc"}
        old_page_count = 0
        for page in count(1):
            listed = conversations_in(self.crawl.call(path, {**query, "page": str(page)}))
            if not listed:
                return
            is_old = all(each.active_us is not None and each.active_us < first_us for each in listed)
            old_page_count = old_page_count + 1 if is_old else 0
            for each in listed:
                if each.number not in self._visited and self.crawl.window.includes(each.active_us):
                    yield from self._one(each)
            if old_page_count == _OLD_PAGES:
                return

    def _one(self, conversation: ListedConversation) -> Iterator[PulledConversation]:
        self._visited.add(conversation.number)
        try:
            messages = list(self._messages(conversation.number))
        except Missing:
            # Deleted since it was listed.
            return
        content = {**conversation.content, "account_id": self._account}
        pulled = read_conversation(content, messages, inboxes=self._inboxes, source=self.crawl.source)
        if conversation.active_us is not None and not self._has_ended:
            self._lowest_us = min(conversation.active_us, self._lowest_us or conversation.active_us)
        yield pulled

    def _messages(self, number: str) -> Iterator[JsonObject]:
        before: dict[str, str] = {}
        lowest = None
        while True:
            messages = messages_in(self.crawl.call(messages_path(self._account, number), before))
            numbers = [each for each in map(message_number, messages) if each is not None]
            if not numbers or (lowest is not None and min(numbers) >= lowest):
                return
            yield from (each for each in messages if lowest is None or (message_number(each) or 0) < lowest)
            lowest = min(numbers)
            instants = [us for each in messages if (us := us_of(each.get("created_at"))) is not None]
            if instants and min(instants) < self.crawl.window.floor_us:
                return
            before = {"before": str(lowest)}
