"""Progress bar of long commands."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO, cast

from botmeter.cli.context import command_context, in_context
from botmeter.cli.terminal import column_count

if TYPE_CHECKING:
    from botmeter.metering.schema import EventBatch

# Passes batches through and moves the bar.
Follow = Callable[["Iterable[EventBatch]"], "Iterator[EventBatch]"]


@contextmanager
def progress(label: str, *, total: int | None, in_events: bool = False) -> Iterator[Follow]:
    """Show a progress bar on a terminal.

    Args:
        total: Bytes, or events if `in_events`; None: unknown.
    """
    context = command_context()
    if not context.stderr.isatty():
        yield _until_stopped
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
        task = bar.add_task(label, total=total, events=0, rate=0)
        done_before = 0

        def follow(batches: "Iterable[EventBatch]") -> "Iterator[EventBatch]":
            nonlocal done_before
            last = 0
            for batch in _until_stopped(batches):
                last = batch.bytes_read
                state = bar.tasks[task]
                events = state.fields["events"] + len(batch.events) + len(batch.rejections)
                rate = round(events / max(state.elapsed or 0, 1e-3))
                bar.update(task, completed=events if in_events else done_before + last, events=events, rate=rate)
                yield batch
            done_before += last
            if total is not None and not in_events and done_before >= total:
                bar.update(task, description="metering and writing", completed=total)

        yield follow


def _until_stopped(batches: "Iterable[EventBatch]") -> "Iterator[EventBatch]":
    stop = command_context().interruption
    for batch in batches:
        if stop is not None:
            stop.check()
        yield batch
