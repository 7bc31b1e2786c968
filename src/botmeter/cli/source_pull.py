"""`source pull`."""

from pathlib import Path
from typing import TYPE_CHECKING

from botmeter.cli.context import command_context
from botmeter.cli.data_dir import owned_folder
from botmeter.cli.output import say, show_record
from botmeter.domain.instant import text_to_the_second
from botmeter.domain.period import day_from_text, day_start_us

if TYPE_CHECKING:
    from botmeter.cli.options import Form
    from botmeter.sources.payloads.pull_window import PullResult


def pulled_by_command(data: Path | None, account: str, *, source: str, since: str | None) -> "PullResult":
    """Pull a source; without a server, own the data folder meanwhile.

    Args:
        since: First UTC day; None: continue the last pull.
    """
    from botmeter.live.pulls.run import RunningPulls, pull_source
    from botmeter.live.pulls.schedule import pause_in_process, pause_until
    from botmeter.people.audit import Action
    from botmeter.people.source_actions import Author
    from botmeter.sources.platform_api.api_client import Clocks

    since_us = None if since is None else day_start_us(day_from_text(since))
    stop, running = command_context().interruption, command_context().pulls or RunningPulls()
    clocks = Clocks(pause=pause_in_process if stop is None else pause_until(stop))
    with owned_folder(data) as folder:
        result = pull_source(account, source, running=running, since_us=since_us, folder=folder, clocks=clocks)
    Author().record(Action.SOURCE_PULLED, account, source=source, accepted=result.accepted, known=result.known)
    return result


def show_pull(source: str, result: "PullResult", *, form: "Form") -> None:
    """Print the result, and an interruption on stderr."""
    summary = {
        "source": source,
        "since": text_to_the_second(result.since_us),
        "until": text_to_the_second(result.until_us),
        "conversations": result.conversation_count,
        "seen": result.seen,
        "known": result.known,
        "accepted": result.accepted,
        "refused": result.refused,
        "ignored": result.ignored,
        "outside": result.outside,
        "requests": result.request_count,
        "code": result.code or None,
        "detail": result.fault or None,
    }
    show_record(summary, form=form)
    if not result.is_whole:
        say(f"the pull was interrupted: {result.fault}")
    say(f"{result.accepted:,} missing events were added")
