"""How commands are grouped and how their help looks: the same everywhere, with examples that are tested."""

from typing import Any

import typer
from typer.core import TyperGroup

# A line of an example that can be typed starts with this.
_INDENT = "  "


class InOrder(TyperGroup):
    """Commands listed as they were added, which is the order of their use."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer calls it so
        return list(self.commands)


class Commands(typer.Typer):
    """Some commands, without rich help: drawing it would cost a third of the start."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            rich_markup_mode=None,
            pretty_exceptions_enable=False,
            cls=InOrder,
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
            **settings,
        )


def command_group(name: str, help_text: str) -> Commands:
    """Commands under one word, such as `account create`; the word alone prints their help."""
    made = Commands(name=name, help=help_text)

    @made.callback(invoke_without_command=True)
    def alone(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    return made


def examples(*pairs: tuple[str, str]) -> str:
    """The end of a help text: what each example is for (may be empty), and the command itself."""
    lines = ["\b", "Examples:"]
    for reason, typed in pairs:
        lines += [f"{_INDENT}# {reason}"] if reason else []
        lines.append(f"{_INDENT}{typed}")
    return "\n".join(lines)


def examples_in(epilog: str | None) -> list[str]:
    """The commands of a help text's examples, as they would be typed."""
    lines = (epilog or "").splitlines()
    return [line.strip() for line in lines if line.startswith(_INDENT) and not line.lstrip().startswith("#")]
