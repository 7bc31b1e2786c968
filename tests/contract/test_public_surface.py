"""`botmeter.__all__`, the modules behind it, the names for type checkers and the guide agree."""

import ast
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

import botmeter
from botmeter.python_api.filter_arguments import FilterArguments
from contract.source_tree import ROOT, SOURCE

GUIDE = (ROOT / "docs" / "guides" / "python.md").read_text(encoding="utf-8")
FUNCTIONS = [name for name in botmeter.__all__ if inspect.isfunction(getattr(botmeter, name))]
CLASSES = [name for name in botmeter.__all__ if inspect.isclass(getattr(botmeter, name))]


def typed_names() -> dict[str, str]:
    """Name → module, as type checkers see them."""
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module != "importlib")
    return {alias.name: node.module or "" for node in imports for alias in node.names}


def public_callables() -> Iterator[tuple[str, Any]]:
    """The functions, and the methods of the classes that are Botmeter's own and no error."""
    for name in FUNCTIONS:
        yield name, getattr(botmeter, name)
    for name in CLASSES:
        kind = getattr(botmeter, name)
        if not issubclass(kind, Exception):
            for method, value in vars(kind).items():
                if inspect.isfunction(value) and not method.startswith("_"):
                    yield f"{name}.{method}", value


def test_the_list_is_in_order_and_names_each_thing_once() -> None:
    assert botmeter.__all__ == sorted(set(botmeter.__all__))
    assert set(botmeter.__all__) <= set(dir(botmeter))


def test_what_is_loaded_when_it_is_used_is_what_type_checkers_see() -> None:
    loaded = {**botmeter._MODULE_OF, "client": "botmeter"}
    assert typed_names() == loaded
    assert {*loaded, "__version__"} == set(botmeter.__all__)


@pytest.mark.parametrize("name", botmeter.__all__)
def test_a_public_name_is_there_and_in_the_guide(name: str) -> None:
    assert getattr(botmeter, name) is getattr(botmeter, name)
    is_family = inspect.isclass(getattr(botmeter, name)) and name in GUIDE
    assert f"botmeter.{name}" in GUIDE or is_family
    assert name == "__version__" or inspect.getdoc(getattr(botmeter, name))


def test_another_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'metre'"):
        botmeter.metre  # type: ignore[attr-defined]  # noqa: B018
    assert (SOURCE / "py.typed").exists(), "Type checkers ignore a package without it."


@pytest.mark.parametrize(("name", "function"), list(public_callables()), ids=lambda value: str(value)[:40])
def test_a_public_function_has_types_and_a_docstring(name: str, function: Any) -> None:
    signature = inspect.signature(function)
    parameters = [each for each in signature.parameters.values() if each.name != "self"]
    assert inspect.getdoc(function)
    assert all(each.annotation is not inspect.Parameter.empty for each in parameters), name
    assert signature.return_annotation is not inspect.Signature.empty, name
    by_name = [each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY]
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters):
        by_name += [name for name in FilterArguments.__annotations__ if not name.startswith("not_")]
    unnamed = [each for each in by_name if f"{each}=" not in GUIDE and f"`{each}`" not in GUIDE]
    assert not unnamed, f"The guide does not say what these arguments of {name} are."
