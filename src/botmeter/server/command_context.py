"""Context of a command; loads nothing else of the server."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from botmeter.domain.settings import Settings

if TYPE_CHECKING:
    from botmeter.ledger.interruption import Interruption
    from botmeter.ledger.open_ledgers import SharedFolder
    from botmeter.live.pulls.run import RunningPulls


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """Command, in its own process or the server's.

    Attributes:
        command: Such as `botmeter import`; empty before it is known.
        cwd: Start of relative paths; None: the process's.
        folder: The data folder, if owned by this process; None: the command opens it.
        interruption: None if signals stop the command.
        served_at, pulls: Public URL and pulls of the server, if any.
    """

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environment: Mapping[str, str]
    program: str
    command: str = ""
    cwd: Path | None = None
    folder: "SharedFolder | None" = None
    interruption: "Interruption | None" = None
    served_at: str | None = None
    pulls: "RunningPulls | None" = None

    @property
    def settings(self) -> Settings:
        # Commands refuse wrong values before they run; only `doctor` runs with them.
        return Settings.from_environment(self.environment, ignore_wrong=True)
