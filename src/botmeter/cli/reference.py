"""Page `docs/reference/commands.md`."""

import inspect
import sys
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from botmeter.cli.command_groups import examples_in
from botmeter.cli.main import PROGRAM, app
from botmeter.cli.report_rows import COLUMNS

_HEAD = f"""<!-- Written by `make docs` from the code; change the code, not this page. -->

# Commands

Data goes to stdout, messages to stderr. Without a terminal nothing asks for input. `NO_COLOR` is respected.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | failed; a message on stderr gives the reason |
| 2 | invalid arguments |
| 3 | differences found (`verify`) |
| 130 | stopped with Ctrl-C; nothing changed |
| 141 | the reader of stdout closed it |

The data folder is `--data DIR`, else the environment's `BOTMETER_DATA`, else `botmeter` in `XDG_DATA_HOME`
(`~/.local/share`). One process owns it at a time. While a server owns it, the server runs the commands; otherwise a
command waits up to `BOTMETER_WAIT` seconds (10) for another one. `botmeter --install-completion` installs shell
completion of commands, accounts and policies.

`report --format csv` writes one flat table with the columns {", ".join(COLUMNS)}.
The section `total` is one row; `day`, `month`, `bot`, `channel` and `ticket_type` follow. Columns that a section
does not have are empty.
"""


def commands_page() -> str:
    """The page as Markdown."""
    return "\n".join([_HEAD, *_parts(get_command(app), PROGRAM)])


def _parts(command: Any, path: str) -> Iterator[str]:
    for name, child in command.commands.items():
        if hasattr(child, "commands"):
            yield from _parts(child, f"{path} {name}")
        else:
            yield _part(child, f"{path} {name}")


def _part(command: Any, path: str) -> str:
    with command.make_context(path, [], resilient_parsing=True) as context:
        rows = [_row(parameter, context) for parameter in command.params if parameter.name != "help"]
    table = "\n".join(["| argument or option | |", "| --- | --- |", *rows])
    examples = "\n".join(["```sh", *examples_in(command.epilog), "```"])
    return f"## {path}\n\n{inspect.cleandoc(command.help or '')}\n\n{table}\n\n{examples}\n"


def _row(parameter: Any, context: Any) -> str:
    shape, text = parameter.get_help_record(context)
    cells = (f"`{shape}`", " ".join(text.split()))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(commands_page())
