"""Pull: crawl a platform's conversations and append the events that the ledger lacks.

Lookup and append are one turn of the writer, so that no webhook comes in between.
"""

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Final

from botmeter.billing.recharge_watch import RechargeWatch
from botmeter.domain.errors import BotmeterError, Missing
from botmeter.domain.instant import now_us, text_to_the_second
from botmeter.domain.period import day_start_us
from botmeter.domain.settings import Settings
from botmeter.domain.source import Source
from botmeter.ledger.append import Submission, append
from botmeter.ledger.event_rows import active_conversations, known_instants
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.sources import existing_source
from botmeter.people.source_pulls import PullSettings
from botmeter.sources.payloads.crawlers import Crawl, Crawler, PullApi
from botmeter.sources.payloads.payload_batches import batch_from_pulled
from botmeter.sources.payloads.pull_window import (
    PullResult,
    PullWindow,
    Remaining,
    pull_window,
    remaining_after,
    whole_window,
)
from botmeter.sources.payloads.pulled import PulledConversation, between, event_id_in, missing_records
from botmeter.sources.platform_api.api_client import ApiClient, Bounds, Clocks
from botmeter.sources.platform_api.endpoint import endpoint_of
from botmeter.sources.platforms.registry import connector_of

BATCH_EVENTS_MAX: Final = 2_000
"""Events of one submission; live events wait only briefly for it."""
PLAIN_OPTION: Final = "plain_http"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullTask:
    """A pull from `since_us` (µs UTC) or, if None, from the end of the last one."""

    settings: PullSettings
    remaining: Remaining
    since_us: int | None = None
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(slots=True, kw_only=True)
class _Appender:
    folder: Folder
    account: str
    source: str
    label: str
    window: PullWindow
    waiting: list[PulledConversation] = field(default_factory=list)
    waiting_count: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, conversation: PulledConversation) -> None:
        within = between(conversation, first_us=self.window.floor_us, end_us=self.window.end_us)
        self.counts.update(
            conversation_count=1,
            seen=conversation.seen_count,
            ignored=conversation.ignored_count,
            outside=len(conversation.records) - len(within.records),
        )
        self.waiting.append(within)
        self.waiting_count += _size(within)

    def flush(self) -> None:
        if self.waiting_count:
            batches = _batches(self.waiting)
            with self.folder.ledger(self.account) as ledger:
                for appended_count, batch in enumerate(batches, start=1):
                    self._append(ledger, batch)
                    # What was appended is not sent again if the next batch fails.
                    self.waiting = [conversation for later in batches[appended_count:] for conversation in later]
                RechargeWatch().buy(ledger, now_us=now_us())
        self.waiting.clear()
        self.waiting_count = 0

    def _append(self, ledger: Ledger, batch: list[PulledConversation]) -> None:
        ids = [event_id_in(record) for conversation in batch for record in conversation.records]
        known = known_instants(ledger, self.source, event_ids=ids)
        missing = [record for conversation in batch for record in missing_records(conversation, known)]
        refused = [each for conversation in batch for each in conversation.refused]
        self.counts.update(known=len(ids) - len(missing))
        if not missing and not refused:
            return
        events = batch_from_pulled(missing, refused=refused)
        submission = Submission(source=self.source, batches=[events], label=self.label, is_pulled=True)
        (receipt,) = append(ledger, [submission], now_us=now_us())
        self.counts.update(
            accepted=receipt.accepted, known=receipt.duplicates, refused=receipt.rejected + receipt.conflicts
        )


def pull(task: PullTask, *, folder: Folder, clocks: Clocks) -> PullResult:
    """Pull a source. The result reports an interruption; appended events stay.

    No ledger is open while waiting for the platform.
    """
    began_us, settings = now_us(), task.settings
    with folder.reading(settings.account) as ledger:
        source = existing_source(ledger, settings.source)
        earliest_us = day_start_us(ledger.account.available_from)
        window = pull_window(task.remaining, since_us=task.since_us, earliest_us=earliest_us, now_us=began_us)
        known = active_conversations(ledger, source.name, first_us=window.recent_us)
    appender = _Appender(
        folder=folder,
        account=settings.account,
        source=source.name,
        label=f"pull {text_to_the_second(began_us)}",
        window=window,
    )
    result = PullResult(
        began_us=began_us, ended_us=began_us, since_us=window.floor_us, until_us=window.end_us, rest=task.remaining
    )
    api = _pull_api(source)
    try:
        client = _client(task, source, api=api, clocks=clocks)
    except BotmeterError as error:
        return replace(result, code=error.code, fault=error.message, ended_us=now_us())
    crawl = Crawl(
        call=client.get,
        window=window,
        source=source,
        api_account=settings.own_account,
        known=known,
        now_us=began_us,
    )
    with closing(client):
        left, problem = _crawled(api.crawler(crawl), appender, window=window)
    return replace(
        result,
        **appender.counts,
        ended_us=now_us(),
        request_count=client.request_count,
        code="" if problem is None else problem.code,
        fault="" if problem is None else problem.message,
        rest=remaining_after(window, before=task.remaining, left=left),
    )


def _crawled(
    crawler: Crawler, appender: _Appender, *, window: PullWindow
) -> tuple[Remaining | None, BotmeterError | None]:
    left = whole_window(window)
    try:
        for conversation in crawler.conversations():
            appender.add(conversation)
            if appender.waiting_count >= BATCH_EVENTS_MAX:
                appender.flush()
                left = crawler.left()
        appender.flush()
    except BotmeterError as error:
        try:
            appender.flush()
        except BotmeterError:
            return left, error
        return crawler.left(), error
    return None, None


def _client(task: PullTask, source: Source, *, api: PullApi, clocks: Clocks) -> ApiClient:
    may_be_plain = (source.option(PLAIN_OPTION) or "").strip().lower() == "yes"
    # The operator's, also when a command runs in the server: of this process, not of the command.
    networks = Settings.from_environment().pull_networks
    endpoint = endpoint_of(task.settings.url, may_be_plain=may_be_plain, networks=networks)
    return ApiClient(endpoint=endpoint, headers=api.headers(task.settings.token), bounds=task.bounds, clocks=clocks)


def _pull_api(source: Source) -> PullApi:
    api = connector_of(source.platform).pull
    if api is None:
        raise Missing("pull_not_set", f"Sources of platform {source.platform} can't be pulled.")
    return api


def _size(conversation: PulledConversation) -> int:
    return len(conversation.records) + len(conversation.refused)


def _batches(conversations: list[PulledConversation]) -> "list[list[PulledConversation]]":
    batches: list[list[PulledConversation]] = [[]]
    room = BATCH_EVENTS_MAX
    for conversation in conversations:
        for part in _parts(conversation):
            if _size(part) > room:
                batches.append([])
                room = BATCH_EVENTS_MAX
            batches[-1].append(part)
            room -= _size(part)
    return batches


def _parts(conversation: PulledConversation) -> "list[PulledConversation]":
    if _size(conversation) <= BATCH_EVENTS_MAX:
        return [conversation]
    records, refused = sorted(conversation.records, key=event_id_in), conversation.refused
    return [
        *(
            PulledConversation(records=tuple(records[start : start + BATCH_EVENTS_MAX]))
            for start in range(0, len(records), BATCH_EVENTS_MAX)
        ),
        *(
            PulledConversation(records=(), refused=refused[start : start + BATCH_EVENTS_MAX])
            for start in range(0, len(refused), BATCH_EVENTS_MAX)
        ),
    ]
