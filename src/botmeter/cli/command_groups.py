"""How commands are grouped and how their help looks: the same everywhere, with examples that are tested."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup

from botmeter.cli.context import variable
from botmeter.cli.output import show
from botmeter.cli.through_server import code_from_server

# A line of an example that can be typed starts with this.
_INDENT = "  "


class InOrder(TyperGroup):
    """Commands listed as they were added, which is the order of their use."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer calls it so
        return list(self.commands)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _read_plainly(self.get_params(ctx))
        return super().parse_args(ctx, args)


class Command(TyperCommand):
    """A command whose plain values are read without Pydantic, and which is run where its data folder is owned."""

    runs_here = False

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _read_plainly(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        if not self.runs_here and "data" in ctx.params:
            code = code_from_server(ctx.params["data"], arguments=ctx.find_root().obj or ())
            if code is not None:
                raise typer.Exit(code)
        return super().invoke(ctx)


class CommandHere(Command):
    """A command that is never run by a server, because it is one."""

    runs_here = True


def _read_plainly(parameters: Sequence[Any]) -> None:
    """Has values that are plainly right read by us, and variables looked up where the command was called.

    Typer has Pydantic read every value, and loading it takes a quarter of a report's time. What is not
    plainly right still goes there, for its message.
    """
    for parameter in parameters:
        parameter.get_runtime_param = partial(_PlainReader, parameter.get_runtime_param)
        if parameter.envvar is not None:
            parameter.resolve_envvar_value = partial(_from_environment, parameter.envvar)


def _from_environment(name: str, _: Any) -> str | None:
    return variable(name)


class _PlainReader:
    """Reads one value, with Pydantic's help only if need be."""

    def __init__(self, with_pydantic: Callable[[], Any]) -> None:
        self._with_pydantic = with_pydantic

    def coerce(self, value: Any, *, param: Any, ctx: Any) -> Any:
        wanted, is_several = param.type_descriptor.annotation, param.multiple or param.nargs == -1
        if value is None:
            return () if is_several else None
        if wanted is Path:
            return Path(value)
        is_plain = (
            (wanted is str and isinstance(value, str))
            or (get_origin(wanted) is Literal and value in get_args(wanted))
            or (wanted == list[str] and isinstance(value, tuple | list))
        )
        return value if is_plain else self._with_pydantic().coerce(value, param=param, ctx=ctx)


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

    def command(self, name: str | None = None, *, runs_here: bool = False, **settings: Any) -> Callable[[Any], Any]:
        return super().command(name, cls=CommandHere if runs_here else Command, **settings)


def command_group(name: str, help_text: str) -> Commands:
    """Commands under one word, such as `account create`; the word alone prints their help."""
    made = Commands(name=name, help=help_text)

    @made.callback(invoke_without_command=True)
    def alone(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            show(f"{context.get_help()}\n")

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
