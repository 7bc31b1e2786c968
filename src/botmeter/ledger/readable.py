"""Interface for readers of a ledger."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import duckdb

    from botmeter.domain.account import Account
    from botmeter.ledger.changed_days import ChangedDays
    from botmeter.ledger.lake_account import ServedRecord
    from botmeter.metering.policy import Schedule
    from botmeter.metering.touchpoints import Footprints, Touchpoints


class ReadableLedger(Protocol):
    """Account's open file, or one reader's view of it."""

    @property
    def account(self) -> "Account":
        """Name, title and `available_from`."""

    @property
    def schedule(self) -> "Schedule":
        """The policies in force."""

    @property
    def touchpoints(self) -> "Touchpoints":
        """Numbers of (bot, version, channel)."""

    @property
    def footprints(self) -> "Footprints":
        """Numbers of sets of touchpoints."""

    @property
    def lake(self) -> "ServedRecord | None":
        """Record of the lake that has the account's events; None: the ledger has them."""

    @property
    def version(self) -> int:
        """Number that grows with each commit."""

    @property
    def facts_version(self) -> int:
        """Version of the last commit that may have changed facts of billing or statements."""

    @property
    def changed_days(self) -> "ChangedDays":
        """Days from which on the commits up to this version changed sessions."""

    @property
    def connection(self) -> "duckdb.DuckDBPyConnection":
        """Connection for single statements of one thread."""

    def read_transaction(self) -> "AbstractContextManager[duckdb.DuckDBPyConnection]":
        """Open a connection that sees one commit, as do the properties above."""

    def one_read(self) -> "AbstractContextManager[None]":
        """Answer all questions of the `with`, which one thread asks one after another, from one commit."""
