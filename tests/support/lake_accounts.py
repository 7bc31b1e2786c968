"""An account in a lake, and one beside it with a ledger of its own that is sent the same files."""

import re
from collections.abc import Sequence
from pathlib import Path

from tests.support.lakes import Event, counts_of, run, written_files
from tests.support.ledgers import ACME, NOW_US
from tests.support.table_meaning import whole_meaning

from botmeter.domain.account import Account
from botmeter.lake.engine import Engine
from botmeter.lake.root import LakeRoot
from botmeter.lake.serving import create_lake_account, reading_newest
from botmeter.ledger.append import Submission, append
from botmeter.ledger.folder import Folder
from botmeter.ledger.imports import ImportedFile
from botmeter.ledger.ledger import Ledger
from botmeter.metering.policy import Policy
from botmeter.sources.source_files import batches_of_source


def accounts(folder: Folder, policy: Policy, *, lake: LakeRoot | None = None) -> LakeRoot:
    """Create an account in a lake, and one beside it."""
    root = lake or LakeRoot.at(str(folder.path.parent / "lake"))
    create_lake_account(folder, ACME, policy=policy, root=root, now_us=NOW_US)
    folder.create(Account(name="beside"), policy=policy, now_us=NOW_US)
    return root


def send(folder: Folder, root: LakeRoot, *pieces: Sequence[Event], name: str, engine: Engine | None = None) -> None:
    """Send the same files to both."""
    files = written_files(folder.path.parent, name, *pieces)
    receipts = run(root, files, engine=engine).receipts.values()
    with folder.ledger("beside") as beside:
        submissions = [
            Submission(
                source="s",
                batches=list(batches_of_source(file, None)),
                label=Path(file.path).name,
                file=ImportedFile(name=file.path.rpartition("/")[2]),
            )
            for file in files
        ]
        appended = append(beside, submissions, now_us=NOW_US)
        assert [counts_of(receipt) for receipt in receipts] == [counts_of(receipt) for receipt in appended]


def meaning(ledger: Ledger, pseudonym: str) -> dict[str, list[str]]:
    """Rows as `whole_meaning` has them, with names instead of pseudonyms, which are others each time."""
    names = {pseudonym: "the customer"} if pseudonym else {}
    events = "SELECT event_id, conversation_id, ticket_id FROM event ORDER BY occurred_at, source, event_id"
    for event_id, conversation_id, ticket_id in ledger.connection.execute(events).fetchall():
        names[event_id] = re.sub(r"^(erased:\d+):[0-9a-f]+$", r"\1", event_id)
        for each in (conversation_id, ticket_id):
            if each is not None and each.startswith("erased-"):
                names.setdefault(each, f"of {names[event_id]}")
    sessions = "SELECT session_id::VARCHAR, opening_event_id, policy FROM session"
    for session_id, opening, policy in ledger.connection.execute(sessions).fetchall():
        names[session_id] = f"session of {names[opening]} {policy}"
    named = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))
    return {
        table: sorted(named.sub(lambda found: names[found[0]], repr(row)) for row in rows)
        for table, rows in whole_meaning(ledger).items()
    }


def assert_equal(folder: Folder, pseudonyms: tuple[str, str] = ("", "")) -> None:
    """Compare the account in the lake with the one beside it; each has its own pseudonym of an erased customer."""
    with reading_newest(folder, "acme", now_us=NOW_US) as acme, folder.ledger("beside") as beside:
        assert isinstance(acme, Ledger)
        of_lake, of_ledger = (meaning(*each) for each in zip((acme, beside), pseudonyms, strict=True))
        assert of_lake == of_ledger
