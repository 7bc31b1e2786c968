"""An import, live events and the stateless command admit the same events, whatever is repeated or in conflict."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples
from tests.support.ledgers import NOW_US, batch, event, ledger_in_memory
from tests.support.live_batches import live_batch

from botmeter.domain.receipt import Receipt
from botmeter.ledger.append import Submission, append
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.live_append import live_append
from botmeter.ledger.settle import settle
from botmeter.metering.policy import FRESHCHAT
from botmeter.metering.stateless import metered_files

Event = dict[str, Any]

# Few ids and few values, so that most events repeat another one, and some with another content.
events = st.builds(
    lambda number, minute, **fields: event(f"e{number}", f"2026-03-01T{10 + minute}:00", **fields),
    st.integers(0, 4),
    st.integers(0, 1),
    customer_id=st.sampled_from(["c1", "c1", "c2"]),
    actor=st.sampled_from(["customer", "customer", "bot"]),
    bot_id=st.sampled_from(["b1", "b1", None]),
    channel=st.sampled_from(["web", "web", "sms"]),
    preview=st.sampled_from([None, None, False]),
    attributes=st.sampled_from([None, None, {}, {"told_by": "pull"}]),
)
pieces = st.lists(st.lists(events, max_size=6), min_size=1, max_size=6)


def counts(receipts: list[Receipt]) -> tuple[int, int, int]:
    total = Receipt.sum_of(receipts)
    return total.accepted, total.duplicates, total.conflicts


def stored(ledger: Ledger) -> list[Any]:
    query = """
        SELECT event_id, occurred_at, customer_id, actor, bot_id, channel, preview, attributes
        FROM event JOIN touchpoint USING (touchpoint) ORDER BY event_id
    """
    return ledger.connection.execute(query).fetchall()


def session_ids(ledger: Ledger) -> list[str]:
    rows = ledger.connection.execute("SELECT session_id::VARCHAR FROM session ORDER BY 1").fetchall()
    return [session_id for (session_id,) in rows]


@examples(cost=4)
@given(st.data())
def test_import_live_events_and_the_stateless_command_admit_the_same(data: st.DataObject) -> None:
    sent = data.draw(pieces)
    batches = [batch(piece) for piece in sent]
    metered = metered_files([batches], policy=FRESHCHAT, source="s")
    expected = (metered.counts["events"], metered.counts["duplicates"], metered.counts["conflicts"])

    imported = ledger_in_memory()
    ends = data.draw(st.lists(st.integers(0, len(batches)), max_size=2).map(sorted))
    bounds = zip([0, *ends], [*ends, len(batches)], strict=True)
    submissions = [Submission(source="s", batches=batches[start:end], label="file") for start, end in bounds]
    assert counts(append(imported, submissions, now_us=NOW_US)) == expected

    live = ledger_in_memory()
    receipts: list[Receipt] = []
    left = list(sent)
    while left:
        count = data.draw(st.integers(1, len(left)))
        # One commit of several batches, each of several deliveries.
        middle = data.draw(st.integers(1, count))
        batches_of_commit = [live_batch(*part) for part in (left[:middle], left[middle:count]) if part]
        receipts += [each for own in live_append(live, batches_of_commit, now_us=NOW_US) for each in own]
        left = left[count:]
        if data.draw(st.booleans()):
            settle(live, now_us=NOW_US)
    settle(live, now_us=NOW_US)
    assert counts(receipts) == expected
    assert stored(live) == stored(imported)
    assert session_ids(live) == session_ids(imported) == sorted(metered.sessions["session_id"].to_pylist())
