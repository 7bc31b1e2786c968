"""Shapes of conversations, as text (`created hello ask answer`) and arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from botmeter.demo.columns import Flags, Numbers, Units
from botmeter.domain.event import Actor, Kind

_HOUR = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Step of a story.

    Attributes:
        pause: Mean seconds since the step before.
        bot: 0: the conversation's, 1: the one it passes to, -1: none.
        ticket: 1 or 2: first or second.
        waits: The pause is hours or a night.
    """

    actor: Actor
    pause: float
    kind: Kind = Kind.MESSAGE
    bot: int = -1
    ticket: int = 0
    waits: bool = False
    autoreply: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Shape of a conversation, chosen by `weight` in its `setting`."""

    setting: str
    weight: float
    words: str


STEPS = {
    "created": Step(actor=Actor.SYSTEM, kind=Kind.CONVERSATION_CREATED, pause=0),
    "hello": Step(actor=Actor.BOT, bot=0, pause=0.7),
    "mailing": Step(actor=Actor.BOT, bot=0, pause=0),
    "ask": Step(actor=Actor.CUSTOMER, bot=0, pause=35),
    "later": Step(actor=Actor.CUSTOMER, bot=0, pause=4.5 * _HOUR, waits=True),
    "days_later": Step(actor=Actor.CUSTOMER, bot=0, pause=30 * _HOUR, waits=True),
    "autoreply": Step(actor=Actor.CUSTOMER, bot=0, pause=4, autoreply=True),
    "answer": Step(actor=Actor.BOT, bot=0, pause=2),
    "ask_other": Step(actor=Actor.CUSTOMER, bot=1, pause=30),
    "answer_other": Step(actor=Actor.BOT, bot=1, pause=2),
    "files_case": Step(actor=Actor.BOT, bot=0, ticket=1, pause=3),
    "names_case": Step(actor=Actor.CUSTOMER, bot=0, ticket=1, pause=20),
    "case": Step(actor=Actor.SYSTEM, kind=Kind.TICKET_LINKED, ticket=1, pause=1),
    "agent_case": Step(actor=Actor.AGENT, kind=Kind.TICKET_LINKED, ticket=1, pause=40),
    "second_case": Step(actor=Actor.AGENT, kind=Kind.TICKET_LINKED, ticket=2, pause=60),
    "handoff": Step(actor=Actor.BOT, kind=Kind.HANDOFF, bot=0, pause=1),
    "joins": Step(actor=Actor.AGENT, pause=240),
    "says": Step(actor=Actor.AGENT, pause=70),
    "tells": Step(actor=Actor.CUSTOMER, pause=45),
    "restart": Step(actor=Actor.CUSTOMER, kind=Kind.RESTART, bot=0, pause=25),
    "updated": Step(actor=Actor.SYSTEM, kind=Kind.CONVERSATION_UPDATED, pause=2),
    "leaves": Step(actor=Actor.CUSTOMER, kind=Kind.CUSTOMER_END, bot=0, pause=15),
    "solved": Step(actor=Actor.AGENT, kind=Kind.RESOLVED, pause=50),
    "done": Step(actor=Actor.SYSTEM, kind=Kind.RESOLVED, pause=600),
}

SETTINGS = ("widget", "inbox", "open case", "preview", "mailing")


def _stories(setting: str, *stories: tuple[float, str]) -> tuple[Story, ...]:
    return tuple(Story(setting=setting, weight=weight, words=words) for weight, words in stories)


STORIES = (
    *_stories(
        "widget",
        (4, "created hello"),
        (27, "created hello ask answer"),
        (14, "created hello ask answer leaves"),
        (17, "created hello ask answer ask answer"),
        (12, "created hello ask answer ask answer done"),
        (8, "created hello ask answer ask answer ask answer leaves"),
        (3, "created hello ask answer ask answer ask answer ask answer ask answer ask answer done"),
        (2, "created hello ask answer restart hello ask answer"),
        (10, "created hello ask answer later answer"),
        (2, "created hello ask answer updated days_later answer done"),
        (1.6, "created hello ask answer ask_other answer_other ask_other answer_other done"),
        (3, "created hello ask answer ask handoff joins tells says solved"),
        (2, "created hello ask handoff joins agent_case tells says answer ask solved"),
        (7, "created hello ask answer ask files_case case"),
        (3, "created hello ask answer handoff joins agent_case tells says solved"),
        (0.6, "created hello ask handoff joins agent_case tells says second_case says solved"),
    ),
    *_stories(
        "inbox",
        (26, "created ask answer"),
        (20, "created ask answer ask answer"),
        (13, "created ask answer ask answer done"),
        (9, "created ask answer ask answer ask answer done"),
        (3, "created ask answer ask answer ask answer ask answer ask answer leaves"),
        (16, "created ask answer later answer ask answer"),
        (4, "created ask answer updated days_later answer done"),
        (2, "created ask answer restart ask answer"),
        (1.6, "created ask answer ask_other answer_other ask_other answer_other done"),
        (4, "created ask answer handoff joins tells says solved"),
        (6, "created ask answer ask files_case case later answer"),
        (4, "created ask answer handoff joins agent_case tells says solved"),
        (1, "created ask handoff joins agent_case tells says second_case says tells solved"),
    ),
    *_stories(
        "open case",
        (3, "created names_case answer ask answer done"),
        (2, "created ask answer handoff joins agent_case tells says solved"),
    ),
    *_stories(
        "mailing",
        (100, "mailing"),
        (6, "mailing later answer ask answer"),
        (2, "mailing later answer leaves"),
        (1.5, "mailing autoreply"),
    ),
    *_stories(
        "preview",
        (5, "created hello ask answer ask answer"),
        (3, "created hello ask answer restart hello ask answer ask answer"),
        (2, "created hello ask answer ask answer ask handoff"),
    ),
)

STEP_COUNT_MAX = max(len(story.words.split()) for story in STORIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """All stories as arrays of stories × steps.

    Attributes:
        wait: Step after a pause of hours, or STEP_COUNT_MAX.
        pause: Mean seconds before each step.
        human: The pause depends on the channel's pace.
    """

    length: Numbers
    wait: Numbers
    pause: Units
    human: Flags
    hello: Flags
    actor: npt.NDArray[np.uint8]
    kind: npt.NDArray[np.uint8]
    bot: npt.NDArray[np.int8]
    ticket: npt.NDArray[np.int8]
    autoreply: Flags


def stories_of(setting: str) -> tuple[Numbers, Units]:
    """Indexes in `STORIES`, and cumulative shares."""
    stories = [number for number, story in enumerate(STORIES) if story.setting == setting]
    weights = np.array([STORIES[number].weight for number in stories])
    return np.array(stories), np.cumsum(weights) / weights.sum()


def mean_event_count(setting: str) -> float:
    """Mean number of events of a conversation."""
    stories, cumulated = stories_of(setting)
    return float(np.diff(cumulated, prepend=0) @ SHAPES.length[stories])


def _shapes() -> Shapes:
    words_of = [story.words.split() for story in STORIES]
    nothing = Step(actor=Actor.SYSTEM, pause=0)
    grid = [[STEPS[word] for word in words] + [nothing] * (STEP_COUNT_MAX - len(words)) for words in words_of]
    return Shapes(
        length=np.array([len(words) for words in words_of]),
        wait=np.array([_waiting_step(words) for words in words_of]),
        pause=np.array([[step.pause for step in row] for row in grid]),
        human=np.array([[_is_typed(step) for step in row] for row in grid]),
        hello=np.array([[step is STEPS["hello"] for step in row] for row in grid]),
        actor=np.array([[step.actor for step in row] for row in grid], np.uint8),
        kind=np.array([[step.kind for step in row] for row in grid], np.uint8),
        bot=np.array([[step.bot for step in row] for row in grid], np.int8),
        ticket=np.array([[step.ticket for step in row] for row in grid], np.int8),
        autoreply=np.array([[step.autoreply for step in row] for row in grid]),
    )


def _is_typed(step: Step) -> bool:
    return step.actor in (Actor.CUSTOMER, Actor.AGENT) and not step.waits and not step.autoreply


def _waiting_step(words: list[str]) -> int:
    return next((step for step, word in enumerate(words) if STEPS[word].waits), STEP_COUNT_MAX)


SHAPES = _shapes()
