"""Commands of `mapping`."""

from typing import TYPE_CHECKING, Annotated

from typer import Argument

from botmeter.cli import options
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.completion import mappings_starting
from botmeter.cli.event_files import source_files
from botmeter.cli.output import say, show, show_rows
from botmeter.cli.terminal import stdout_screen

if TYPE_CHECKING:
    from botmeter.sources.mapping.ready_made import ReadyMadeMapping

commands = command_group("mapping", "Mappings: the columns of foreign files as fields of events.")

File = Annotated[str, Argument(metavar="FILE", help="CSV, XLSX, NDJSON, JSON or Parquet, gzipped or not; - is stdin.")]
Named = Annotated[str, Argument(metavar="NAME", help="Name of a ready-made mapping.", autocompletion=mappings_starting)]


@commands.command(
    "suggest",
    epilog=examples(
        ("", "botmeter mapping suggest chats.csv"),
        ("From another program:", "cat chats.csv | botmeter mapping suggest -"),
    ),
)
def suggest_mapping(
    file: File,
    input_format: options.InputFormat = None,
    encoding: options.Encoding = None,
    sheet: options.Sheet = None,
    header_row: options.HeaderRow = None,
) -> None:
    """Suggest a mapping for a file, from its first 1,000 rows.

    Each line has its reason. Points to check are at the top; fields without a column are comments.
    """
    from botmeter.sources.suggest.mapping_text import text_of_suggestion
    from botmeter.sources.suggest.suggested_mapping import suggested_mapping
    from botmeter.sources.table_options import TableOptions

    table = TableOptions(encoding=encoding, sheet=sheet, header_row=header_row)
    (source,) = source_files([file], mapping=None, input_format=input_format, table=table)
    suggestion = suggested_mapping(source)
    # Names of columns must stay as they are, whatever the terminal shows.
    show(text_of_suggestion(suggestion))
    if suggestion.missing_fields:
        say(f"warning: the mapping is not complete: {', '.join(suggestion.missing_fields)}")


@commands.command("list", epilog=examples(("", "botmeter mapping list")))
def list_mappings(form: options.Form = "table") -> None:
    """List the ready-made mappings of well-known exports."""
    from botmeter.sources.mapping.ready_made import ready_made_mappings

    rows = [
        {"mapping": each.name, "export": each.title, "seen_on": str(each.seen_on), "source": each.source}
        for each in ready_made_mappings()
    ]
    if form == "table":
        show_rows(("mapping", "export", "seen_on"), rows, form=form)
        say("`botmeter mapping show NAME` shows a mapping with its source and notes")
    else:
        show_rows(("mapping", "export", "seen_on", "source"), rows, form=form)


@commands.command("show", epilog=examples(("", "botmeter mapping show dialogflow-cx")))
def show_mapping(name: Named) -> None:
    """Show a ready-made mapping as a file."""
    from botmeter.sources.mapping.ready_made import ready_made_mapping
    from botmeter.sources.suggest.mapping_text import text_of_document

    mapping = ready_made_mapping(name)
    show(_about(mapping) + text_of_document(mapping.document))


def _about(mapping: "ReadyMadeMapping") -> str:
    screen = stdout_screen()
    lines = [line for each in (mapping.title, *mapping.notes) for line in screen.paragraph(each, indent="# ")]
    # In one line, so that it can be followed.
    lines.append(f"# Read on {mapping.seen_on}: {mapping.source}")
    return screen.plain("\n".join(lines)) + "\n\n"
