"""Statements that were closed, by the server or by hand, told to destinations that get them by themselves."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from botmeter.billing.account_statements import closed_documents
from botmeter.billing.alerts.account_figures import AccountFigures
from botmeter.billing.stated import ClosedDocument
from botmeter.domain.instant import datetime_from_us, text_to_the_second
from botmeter.people.notifications.destinations import subscriptions
from botmeter.people.notifications.outbox import Message, put
from botmeter.people.notifications.topics import Topic
from botmeter.people.notifications.webhook_events import EventCycle, StatementClosed, event_data

RECENT: Final = timedelta(days=7)
"""Statements closed before are old news: after a move or a restored backup none is sent again."""


def put_closed_statements(figures: AccountFigures) -> int:
    """Put a notification of each statement closed since a destination was made, once; return the new ones."""
    subscribed = subscriptions(figures.ledger.account.name, Topic.STATEMENT_CLOSED)
    if not subscribed:
        return 0
    count, recent = 0, list(_recent(figures))
    for recipient, since in subscribed:
        for each in recent:
            if datetime_from_us(each.statement.closed_at) >= since:
                count += len(put(_message(figures.ledger.account.name, each), [recipient]))
    return count


def _recent(figures: AccountFigures) -> Iterator[ClosedDocument]:
    after = datetime_from_us(figures.now_us) - RECENT
    for each in closed_documents(figures.ledger, cache=figures.cache):
        if datetime_from_us(each.statement.closed_at) >= after:
            yield each


def _message(account: str, closed: ClosedDocument) -> Message:
    statement, document = closed.statement, closed.document
    cycle = document["cycle"]
    event = StatementClosed(
        account=account,
        number=statement.number,
        cycle=EventCycle(first_day=cycle["first_day"], last_day=cycle["last_day"], timezone=cycle["timezone"]),
        currency=statement.currency,
        total=document["total"],
        sessions=document["usage"]["sessions"],
        closed_at=text_to_the_second(statement.closed_at),
        closed_by=statement.closed_by,
        sha256=statement.sha256,
    )
    return Message(
        key=f"{account}:statement:{statement.number}",
        topic=Topic.STATEMENT_CLOSED,
        account=account,
        cause=f"Statement {statement.number} was closed.",
        content=event_data(event),
    )
