"""Options of report filters."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

from typer import Option

from botmeter.reports.filters import FILTERS, FilterDeclaration, filters_of

Preview = Annotated[bool | None, Option("--preview/--no-preview", help="Only previews, or all but previews.")]


def takes_filters(*, simulated: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command every filter's options (a simulation's if `simulated`), passed as `filters`."""
    declared = [one for one in FILTERS if one.is_simulated or not simulated]

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(**values: Any) -> None:
            picked = {one.name: values.pop(one.name) or () for one in declared}
            excluded = {one.name: values.pop(f"not_{one.name}") or () for one in declared}
            filters = filters_of(picked, excluded, preview=values.pop("preview"))
            command(**values, filters=filters)

        signature = inspect.signature(command)
        own = list(signature.parameters.values())
        index = [each.name for each in own].index("filters")
        own[index : index + 1] = _parameters(declared)
        run.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in own}
        return run

    return with_options


def _parameters(declared: list[FilterDeclaration]) -> list[inspect.Parameter]:
    parameters = [
        _parameter(name, annotation)
        for one in declared
        for name, annotation in (
            (one.name, _values(one.option, f"Only sessions {one.condition}. Repeatable.", metavar=one.metavar)),
            (
                f"not_{one.name}",
                _values(one.not_option, f"Exclude sessions {one.condition}. Repeatable.", metavar=one.metavar),
            ),
        )
    ]
    return [*parameters, _parameter("preview", Preview)]


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=annotation)


def _values(option: str, help_text: str, *, metavar: str) -> Any:
    return Annotated[list[str] | None, Option(option, metavar=metavar, help=help_text)]
