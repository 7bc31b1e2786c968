"""The interface that readers of a ledger depend on."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import duckdb

    from botmeter.domain.account import Account
    from botmeter.metering.policy import Schedule
    from botmeter.metering.touchpoints import Footprints, Touchpoints


class ReadableLedger(Protocol):
    """A ledger to read from: an account's open file, or the view that one reader has of it."""

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
    def version(self) -> int:
        """Grows with each commit; where it is the same, so is everything that can be read."""

    @property
    def connection(self) -> "duckdb.DuckDBPyConnection":
        """For a single statement, which sees the last commit; to be used by one thread."""

    def read_transaction(self) -> "AbstractContextManager[duckdb.DuckDBPyConnection]":
        """Open a connection for several statements that see the same commit, and so do the properties above."""
