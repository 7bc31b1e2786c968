"""Tables that follow from events, of the keys and conversations that a run touches: from metering to the commit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from botmeter.lake.conversations import Derived
from botmeter.lake.delta import LakeFile, LakeTable
from botmeter.lake.files import write_rows
from botmeter.lake.land import LandedPart
from botmeter.lake.layout import SCHEMAS
from botmeter.lake.number import ConversationsWritten, SessionsWritten
from botmeter.lake.remetered import Remetered
from botmeter.lake.small_tables import SmallTables
from botmeter.lake.staged import StagedTable
from botmeter.lake.stages import (
    ConversationFacts,
    RunContext,
    derive_conversations,
    remeter_keys,
    restate_days,
    write_numbered,
)
from botmeter.ledger.restatements import PastDays

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvents:
    """Events that a run meters: new ones, without `dropped`, and stored ones that it changes.

    Attributes:
        changed: As they were and as they are, as in `RemeterTask`.
        past_days: As there.
    """

    parts: Sequence[LandedPart] = ()
    dropped: Sequence[StagedTable] = ()
    changed: Sequence[StagedTable] = ()
    facts: ConversationFacts = field(default_factory=ConversationFacts)
    past_days: PastDays | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedTables:
    """Written files, and what their tasks counted."""

    metered: list[Remetered]
    derived: list[Derived]
    sessions: list[SessionsWritten]
    conversations: list[ConversationsWritten]
    restatements: list[LakeFile]

    def files(self) -> dict[str, list[LakeFile]]:
        """New files of all tables of a lake."""
        files: dict[str, list[LakeFile]] = {name: [] for name in SCHEMAS}
        outcomes: list[Remetered | Derived] = [*self.metered, *self.derived]
        for each in outcomes:
            for table, own in each.files.items():
                files[table] += own
        numbered: list[SessionsWritten | ConversationsWritten] = [*self.sessions, *self.conversations]
        for written in numbered:
            if written.file is not None:
                files[written.file.name.partition("/")[0]].append(written.file)
        files["restatement"] += self.restatements
        return files


def meter_touched(context: RunContext, events: NewEvents, *, small: SmallTables, note: Note) -> TouchedTables:
    """Meter, and write what changes; `small` gets its numbers and counts."""
    note("meter")
    metered = remeter_keys(
        context,
        events.parts,
        touchpoints=small.touchpoints,
        dropped=events.dropped,
        changed=events.changed,
        past_days=events.past_days,
    )
    note("conversations")
    derived = derive_conversations(context, metered, footprints=small.footprints, facts=events.facts)
    note("write")
    sessions, conversations = write_numbered(context, metered, derived=derived, footprints=small.footprints)
    small.add_usage((each.removed_usage for each in metered), sign=-1)
    small.add_usage(each.usage for each in sessions)
    small.add_conversation_usage((each.removed_usage for each in derived), sign=-1)
    small.add_conversation_usage(each.usage for each in conversations)
    small.add_bot_names(name for each in metered for name in each.bot_names)
    restatements = restate_days(context, metered, small=small, past_days=events.past_days)
    return TouchedTables(
        metered=metered, derived=derived, sessions=sessions, conversations=conversations, restatements=restatements
    )


def commit_tables(
    context: RunContext,
    tables: Mapping[str, LakeTable],
    *,
    added: dict[str, list[LakeFile]],
    removed: Mapping[str, Sequence[LakeFile]],
    small: SmallTables,
) -> dict[str, int]:
    """Commit files, and the small tables that changed; return the versions of all tables.

    Raises:
        Conflict: `lake_run_superseded`.
    """
    replaced = dict(removed)
    for name, whole in small.rows().items():
        if not whole.equals(small.stored[name]):
            replaced[name] = context.stored.files[name]
            file = write_rows(context.workspace.root, name, rows=whole)
            added[name] += [] if file is None else [file]
    versions = {}
    for name, table in tables.items():
        versions[name] = table.version
        # Of two runs the later one stops at the first table, before it has committed anything.
        if added[name] or replaced.get(name) or name == "receipt":
            versions[name] = table.commit(added[name], removed=replaced.get(name, ()), now_us=context.now_us)
    return versions
