"""Command classes: plain values, help, examples, running in the server."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup

from botmeter.cli.context import command_context, in_context
from botmeter.cli.output import say, show
from botmeter.cli.through_server import code_from_server
from botmeter.domain.settings import Settings, unknown_variables, wrong_settings

# Marks the lines of examples in a help text.
_INDENT = "  "


class Group(TyperGroup):
    """Group of commands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _read_plainly(self.get_params(ctx))
        return super().parse_args(ctx, args)


class Command(TyperCommand):
    """Command that runs in the data folder's server, if any."""

    runs_here = False
    checks_settings = True
    warns = True

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _read_plainly(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        # The process that sends a command to the server has checked its settings.
        if self.checks_settings and command_context().folder is None:
            _check_settings(warns=self.warns)
        if not self.runs_here and "data" in ctx.params:
            code = code_from_server(ctx.params["data"], arguments=ctx.find_root().obj or ())
            if code is not None:
                raise typer.Exit(code)
        with in_context(replace(command_context(), command=ctx.command_path)):
            return super().invoke(ctx)


class CommandHere(Command):
    """Command that runs in this process."""

    runs_here = True


class ServerCommand(CommandHere):
    """Command whose messages go to its log."""

    warns = False


class CommandWithoutCheck(Command):
    """Command that runs with wrong settings, to report them."""

    checks_settings = False


def _check_settings(*, warns: bool) -> None:
    environment = command_context().environment
    if warns or wrong_settings(environment):
        for sentence in unknown_variables(environment):
            say(f"warning: {sentence}")
    Settings.from_environment(environment)


def _read_plainly(parameters: Sequence[Any]) -> None:
    # Read plain values without Pydantic, which takes a quarter of `report`'s time.
    for parameter in parameters:
        if not isinstance(parameter.get_runtime_param, partial):
            parameter.get_runtime_param = partial(_PlainReader, parameter.get_runtime_param)


class _PlainReader:
    def __init__(self, with_pydantic: Callable[[], Any]) -> None:
        self._with_pydantic = with_pydantic

    def coerce(self, value: Any, *, param: Any, ctx: Any) -> Any:
        annotation, is_multiple = param.type_descriptor.annotation, param.multiple or param.nargs == -1
        if value is None:
            return () if is_multiple else None
        if annotation is Path:
            return Path(value)
        is_plain = (
            (annotation is str and isinstance(value, str))
            or (get_origin(annotation) is Literal and value in get_args(annotation))
            or (annotation == list[str] and isinstance(value, tuple | list))
        )
        return value if is_plain else self._with_pydantic().coerce(value, param=param, ctx=ctx)


class Commands(typer.Typer):
    """Typer application without rich help, which adds a third to start-up."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            rich_markup_mode=None,
            pretty_exceptions_enable=False,
            cls=Group,
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
            **settings,
        )

    def command(
        self, name: str | None = None, *, runs_here: bool = False, kind: type[Command] = Command, **settings: Any
    ) -> Callable[[Any], Any]:
        return super().command(name, cls=CommandHere if runs_here else kind, **settings)


def command_group(name: str, help_text: str) -> Commands:
    """Commands under a word; the word alone prints help."""
    group = Commands(name=name, help=help_text)

    @group.callback(invoke_without_command=True)
    def alone(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            show(f"{context.get_help()}\n")

    return group


def examples(*pairs: tuple[str, str]) -> str:
    """Examples: pairs of purpose (may be empty) and command."""
    lines = ["\b", "Examples:"]
    for purpose, command in pairs:
        lines += [f"{_INDENT}# {purpose}"] if purpose else []
        lines.append(f"{_INDENT}{command}")
    return "\n".join(lines)


def examples_in(epilog: str | None) -> list[str]:
    """Commands of the examples."""
    lines = (epilog or "").splitlines()
    return [line.strip() for line in lines if line.startswith(_INDENT) and not line.lstrip().startswith("#")]
