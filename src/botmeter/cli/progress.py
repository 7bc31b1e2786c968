"""Progress bar of long commands."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO, cast

from botmeter.cli.context import command_context, in_context
from botmeter.cli.output import say
from botmeter.cli.terminal import column_count

if TYPE_CHECKING:
    from botmeter.metering.schema import EventBatch

# Passes batches on, prints their notes and moves the bar.
Follow = Callable[["Iterable[EventBatch]"], "Iterator[EventBatch]"]


@contextmanager
def progress(label: str, *, total: int | None, in_events: bool = False) -> Iterator[Follow]:
    """Show a progress bar on a terminal.

    Args:
        total: Bytes, or events if `in_events`; None: unknown.
    """
    context = command_context()
    if not context.stderr.isatty():
        yield _with_notes
        return
    from rich.console import Console
    from rich.file_proxy import FileProxy
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[events]:,} events, {task.fields[rate]:,}/s"),
        TimeRemainingColumn(),
    )
    console = Console(file=context.stderr, width=column_count(context.stderr), _environ={**context.environment})
    # Messages appear above the bar. Rich itself would redirect the streams of the whole process.
    talk = cast("TextIO", FileProxy(console, context.stderr))
    bars = Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
    with bars as bar, in_context(replace(context, stderr=talk)):
        bar.add_task(label, total=total, events=0, rate=0)
        [task] = bar.tasks

        def follow(batches: "Iterable[EventBatch]") -> "Iterator[EventBatch]":
            bytes_read = 0
            for batch in _with_notes(batches):
                count = len(batch.events) + len(batch.rejections)
                events = task.fields["events"] + count
                rate = round(events / max(task.elapsed or 0, 1e-3))
                advance = count if in_events else batch.bytes_read - bytes_read
                bar.update(task.id, advance=advance, events=events, rate=rate)
                bytes_read = batch.bytes_read
                yield batch
            if task.finished:
                bar.update(task.id, description="metering and writing")

        yield follow


@contextmanager
def row_progress(label: str) -> Iterator[Callable[[int], None]]:
    """Show the number of written rows on a terminal."""
    context = command_context()
    stop = context.interruption

    def check(_: int) -> None:
        if stop is not None:
            stop.check()

    if not context.stderr.isatty():
        yield check
        return
    from rich.console import Console

    console = Console(file=context.stderr, width=column_count(context.stderr), _environ={**context.environment})
    with console.status(label) as status:

        def show(row_count: int) -> None:
            check(row_count)
            status.update(f"{label}: {row_count:,} rows")

        yield show


def _with_notes(batches: "Iterable[EventBatch]") -> "Iterator[EventBatch]":
    stop = command_context().interruption
    for batch in batches:
        if stop is not None:
            stop.check()
        for note in batch.notes:
            say(note)
        yield batch
