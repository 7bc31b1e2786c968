"""`meter`."""

from pathlib import Path
from typing import Annotated

from typer import Option

from botmeter.cli import options
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.event_files import say_if_foreign, source_files, total_bytes
from botmeter.cli.output import atomic_file, format_of_file, say, say_rejection, show_record
from botmeter.cli.policy_texts import policy_named
from botmeter.cli.progress import progress
from botmeter.domain.source import DEFAULT_SOURCE
from botmeter.domain.text import counted

_REJECTIONS_PRINTED_MAX = 5

commands = Commands()


@commands.command(
    epilog=examples(
        ("How many sessions are in a file?", "botmeter meter events.ndjson --policy freshchat.session"),
        ("Each of them, under a rule of your own:", "botmeter meter events.csv --policy my-rule.toml -o sessions.csv"),
        ("For a program:", "botmeter meter events.csv --policy kommunicate.mau --format json"),
    )
)
def meter(
    files: options.EventFiles,
    policy: options.PolicyName,
    output: Annotated[
        Path | None,
        Option("--output", "-o", metavar="FILE", help="The sessions, as .csv, .ndjson or .parquet."),
    ] = None,
    source: options.Source = DEFAULT_SOURCE,
    mapping: options.MappingFile = None,
    input_format: options.InputFormat = None,
    encoding: options.Encoding = None,
    sheet: options.Sheet = None,
    header_row: options.HeaderRow = None,
    form: options.Form = "table",
) -> None:
    """Meter files without an account.

    Counts go to stdout, the sessions into a file. A repeated event id is a duplicate, or with different
    content a conflict; the first one counts.
    """
    from botmeter.metering.stateless import metered_files
    from botmeter.reports.export import write_rows
    from botmeter.sources.reader import batches
    from botmeter.sources.table_options import TableOptions

    written_as = None if output is None else format_of_file(output)
    table = TableOptions(encoding=encoding, sheet=sheet, header_row=header_row)
    rule = policy_named(policy)
    sources = source_files(files, mapping=mapping, input_format=input_format, table=table)
    with progress("metering", total=total_bytes(sources)) as follow:
        read = (follow(batches(file)) for file in sources)
        metered = metered_files(read, policy=rule, source=source)
    if output is not None and written_as is not None:
        with atomic_file(output) as draft:
            write_rows(metered.sessions.to_reader(), format=written_as, out=draft)
    for rejection in metered.rejections[:_REJECTIONS_PRINTED_MAX]:
        say_rejection(rejection)
    if metered.counts["rejected"]:
        say(f"{counted(metered.counts['rejected'], 'event')} could not be read and did not count")
    say_if_foreign(metered.rejections, mapping=mapping, accepted_count=metered.counts["events"])
    policy_label = {"policy": rule.label} if form == "json" else {}
    show_record({**policy_label, **metered.counts}, form=form, columns=("what", "count"))
