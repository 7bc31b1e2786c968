"""How the conversations of a platform are gone through, and where to go on after a walk that was cut off."""

from collections.abc import Iterator
from typing import Protocol

from botmeter.sources.pull_window import Remaining
from botmeter.sources.pulled import PulledConversation


class Crawler(Protocol):
    """A way through a platform's conversations."""

    def conversations(self) -> Iterator[PulledConversation]:
        """Each conversation that the plan wants, once, as soon as it is known; raises what asking raises."""
        ...

    def left(self) -> Remaining:
        """What is left to the next pull if this one ends here, with all that it gave so far in the ledger."""
        ...
