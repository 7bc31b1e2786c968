"""One pull: goes through a platform's conversations, and gives the ledger what it lacks, in portions.

What is known is never sent again: the API knows less of an event than its webhook, and must not seem to contradict it.
Whether it is known is asked in the same turn in which it would be appended, so that no webhook comes in between.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field, replace
from typing import Final

from botmeter.domain.errors import BotmeterError, Missing
from botmeter.domain.instant import now_us, text_to_the_second
from botmeter.domain.period import day_start_us
from botmeter.domain.source import Source
from botmeter.ledger.append import append
from botmeter.ledger.known_events import active_conversations, known_instants
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.sources import existing_source
from botmeter.ledger.submission import Submission
from botmeter.people.source_pulls import PullSettings
from botmeter.sources.api_client import ApiClient, Bounds, Clocks
from botmeter.sources.crawlers import Crawl, Crawler, PullApi
from botmeter.sources.endpoint import endpoint_of
from botmeter.sources.payload_batches import batch_from_event_records
from botmeter.sources.platforms.registry import connector_of
from botmeter.sources.pull_window import PullResult, PullWindow, Remaining, all_of, planned, remaining_after
from botmeter.sources.pulled import PulledConversation, between, event_id_in, missing_records

PORTION_MAX: Final = 2_000
"""Events of one submission, so that live events wait for a moment only."""
PLAIN_OPTION: Final = "plain_http"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledgers:
    """How the account's ledger is reached: opened each time, so that nobody waits while the platform is asked."""

    reading: Callable[[], AbstractContextManager[ReadableLedger]]
    writing: Callable[[], AbstractContextManager[Ledger]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PullTask:
    """What shall be pulled.

    Attributes:
        settings: Where and with which token.
        rest: What the last one left.
        asked_us: From when somebody asks for it, µs UTC; None: from where the last one left off.
        bounds: How much may be asked.
    """

    settings: PullSettings
    rest: Remaining
    asked_us: int | None = None
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(slots=True, kw_only=True)
class _Taking:
    """What was seen so far, and what of it waits to be given to the ledger."""

    ledgers: Ledgers
    source: str
    label: str
    plan: PullWindow
    waiting: list[PulledConversation] = field(default_factory=list)
    waiting_count: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, **more: int) -> None:
        for name, number in more.items():
            self.counts[name] = self.counts.get(name, 0) + number

    def note(self, told: PulledConversation) -> None:
        """Takes what was told of one conversation."""
        wanted = between(told, first_us=self.plan.floor_us, end_us=self.plan.end_us)
        self.count(
            conversation_count=1,
            seen=told.seen_count,
            ignored=told.ignored_count,
            outside=len(told.records) - len(wanted.records),
        )
        self.waiting.append(wanted)
        self.waiting_count += len(wanted.records) + len(wanted.refused)

    def give(self) -> None:
        """Gives the ledger what waits and is not there yet."""
        if self.waiting_count:
            portions = _portions(self.waiting)
            with self.ledgers.writing() as ledger:
                for place, portion in enumerate(portions, start=1):
                    self._append(ledger, portion)
                    # What was appended is not given again if the next one fails.
                    self.waiting = [told for later in portions[place:] for told in later]
        self.waiting.clear()
        self.waiting_count = 0

    def _append(self, ledger: Ledger, portion: list[PulledConversation]) -> None:
        ids = [event_id_in(record) for told in portion for record in told.records]
        known = known_instants(ledger, self.source, event_ids=ids)
        missing = [record for told in portion for record in missing_records(told, known)]
        refused = [each for told in portion for each in told.refused]
        self.count(known=len(ids) - len(missing))
        if not missing and not refused:
            return
        batch = batch_from_event_records(missing, refused=refused)
        submission = Submission(source=self.source, batches=[batch], label=self.label, is_pulled=True)
        (receipt,) = append(ledger, [submission], now_us=now_us())
        self.count(accepted=receipt.accepted, known=receipt.duplicates, refused=receipt.rejected + receipt.conflicts)


def pull(task: PullTask, *, ledgers: Ledgers, around: Clocks) -> PullResult:
    """What came of a pull. What cuts it off stands in the result; what it gave until then stays.

    Raises:
        Missing: `source_unknown`.
        Refused: What opening the ledger raises.
    """
    began_us, settings = now_us(), task.settings
    with ledgers.reading() as ledger:
        source = existing_source(ledger, settings.source)
        earliest_us = day_start_us(ledger.account.available_from)
        plan = planned(task.rest, asked_us=task.asked_us, earliest_us=earliest_us, now_us=began_us)
        known = active_conversations(ledger, source.name, first_us=plan.recent_us)
    taking = _Taking(ledgers=ledgers, source=source.name, label=f"pull {text_to_the_second(began_us)}", plan=plan)
    result = PullResult(
        began_us=began_us, ended_us=began_us, since_us=plan.floor_us, until_us=plan.end_us, rest=task.rest
    )
    api = _pull_api(source)
    try:
        asker = _asker(task, source, api=api, around=around)
    except BotmeterError as fault:
        return replace(result, code=fault.code, fault=fault.message, ended_us=now_us())
    walk = api.crawler(
        crawl=Crawl(
            call=asker.ask,
            window=plan,
            source=source,
            api_account=settings.own_account,
            known=known,
            now_us=began_us,
        )
    )
    with closing(asker):
        left, problem = _walked(walk, taking, plan=plan)
    return replace(
        result,
        **taking.counts,
        ended_us=now_us(),
        request_count=asker.request_count,
        code="" if problem is None else problem.code,
        fault="" if problem is None else problem.message,
        rest=remaining_after(plan, before=task.rest, left=left),
    )


def _walked(walk: Crawler, taking: _Taking, *, plan: PullWindow) -> tuple[Remaining | None, BotmeterError | None]:
    """What is left, None for nothing; and what cut the walk off."""
    left = all_of(plan)
    try:
        for told in walk.conversations():
            taking.note(told)
            if taking.waiting_count >= PORTION_MAX:
                taking.give()
                left = walk.left()
        taking.give()
    except BotmeterError as fault:
        try:
            taking.give()
        except BotmeterError:
            return left, fault
        return walk.left(), fault
    return None, None


def _asker(task: PullTask, source: Source, *, api: PullApi, around: Clocks) -> ApiClient:
    may_be_plain = (source.option(PLAIN_OPTION) or "").strip().lower() == "yes"
    door = endpoint_of(task.settings.url, may_be_plain=may_be_plain)
    return ApiClient(door=door, headers=api.headers(task.settings.token), bounds=task.bounds, around=around)


def _pull_api(source: Source) -> PullApi:
    api = connector_of(source.platform).pull
    if api is None:
        raise Missing("pull_not_set", f"Sources of platform {source.platform} can't be pulled.")
    return api


def _portions(waiting: list[PulledConversation]) -> "list[list[PulledConversation]]":
    """The conversations in portions that are no larger than they may be; one alone can be, and is cut."""
    portions: list[list[PulledConversation]] = [[]]
    room = PORTION_MAX
    for told in waiting:
        for part in _parts(told):
            size = len(part.records) + len(part.refused)
            if size > room:
                portions.append([])
                room = PORTION_MAX
            portions[-1].append(part)
            room -= size
    return portions


def _parts(told: PulledConversation) -> "list[PulledConversation]":
    if len(told.records) + len(told.refused) <= PORTION_MAX:
        return [told]
    records = sorted(told.records, key=event_id_in)
    cut = [
        PulledConversation(records=tuple(records[start : start + PORTION_MAX]))
        for start in range(0, len(records), PORTION_MAX)
    ]
    refused = [
        PulledConversation(records=(), refused=told.refused[start : start + PORTION_MAX])
        for start in range(0, len(told.refused), PORTION_MAX)
    ]
    return [*cut, *refused]
