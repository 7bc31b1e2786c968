"""The limits of shape and naming. A rule's reason is in its message."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator

import pytest

from contract.source_tree import Function, Module, called_names, modules, source_modules

# Stays empty. Whoever wants to add to it splits the function instead.
EXCEPTIONS: frozenset[str] = frozenset()

Rule = Callable[[Module], Iterator[str]]

FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 500
PARAMETERS_MAX = 6
POSITIONAL_MAX = 2

NAMELESS = {"util", "utils", "helper", "helpers", "common", "misc", "core", "base", "manager", "handler"}
EMPTY_VERBS = ("get_", "process_", "handle_", "do_")
# What Django and the standard library call is named by them.
CALLED_BY_OTHERS = {
    "get_by_natural_key",
    "get_session_auth_hash",
    "get_session_auth_fallback_hash",
    "process_exception",
    "handle_starttag",
    "handle_endtag",
    "handle_data",
    "do_GET",
    "do_POST",
}
# A command's parameters are its options, which the contract of the command line fixes.
COMMAND_DECORATORS = {"command", "callback"}
# Numba compiles no keyword-only parameters.
COMPILED_DECORATORS = {"njit", "jit", "overload", "intrinsic", "guvectorize", "vectorize"}
# pytest calls a test and a fixture by the names of what they need.
TEST_DECORATORS = {"fixture", "given", "parametrize", "composite"}

BANNER = re.compile(r"#\s*([-=#*~_])\1{4,}")
PROMISE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def decorators(function: Function) -> set[str]:
    return {name for decorator in function.decorator_list for name in called_names(decorator)}


def own_parameters(function: Function) -> tuple[list[str], list[str]]:
    """Positional and keyword-only parameters, without self and cls."""
    arguments = function.args
    positional = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args]]
    if positional[:1] in (["self"], ["cls"]):
        positional = positional[1:]
    extra = [argument.arg for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return positional, [*(argument.arg for argument in arguments.kwonlyargs), *extra]


def is_free_to_take_more(function: Function) -> bool:
    is_dunder = function.name.startswith("__") and function.name != "__init__"
    is_test = function.name.startswith(("test_", "pytest_"))
    return is_dunder or is_test or bool(decorators(function) & (COMMAND_DECORATORS | TEST_DECORATORS))


def long_functions(module: Module) -> Iterator[str]:
    for function in module.functions():
        line_count = (function.end_lineno or function.lineno) - function.lineno + 1
        if line_count > FUNCTION_LINES_MAX:
            yield f"{module.name}: {function.name} has {line_count} lines; the most is {FUNCTION_LINES_MAX}."


def long_modules(module: Module) -> Iterator[str]:
    limit = TEST_FILE_LINES_MAX if module.is_test else MODULE_LINES_MAX
    line_count = module.text.count("\n")
    if line_count > limit:
        yield f"{module.name} has {line_count} lines; the most is {limit}."


def too_many_parameters(module: Module) -> Iterator[str]:
    for function in module.functions():
        if is_free_to_take_more(function):
            continue
        positional, named = own_parameters(function)
        if len(positional) + len(named) > PARAMETERS_MAX:
            count = len(positional) + len(named)
            yield f"{module.name}: {function.name} takes {count} parameters; past {PARAMETERS_MAX} they are a value."
        if len(positional) > POSITIONAL_MAX and not decorators(function) & COMPILED_DECORATORS:
            third = positional[POSITIONAL_MAX]
            yield f"{module.name}: {function.name} takes {third} by position; after the second, a call says names."


def names_that_say_nothing(module: Module) -> Iterator[str]:
    for part in module.name.removesuffix(".py").split("/"):
        if NAMELESS & set(part.split("_")):
            yield f"{module.name}: {part!r} names no thing; a function without a home needs a noun not yet named."
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            words = {word.lower() for word in re.findall(r"[A-Z][a-z]+", node.name)}
            if words & NAMELESS:
                yield f"{module.name}: class {node.name} names no thing."
        if not isinstance(node, Function) or node.name in CALLED_BY_OTHERS:
            continue
        if node.name.lstrip("_").startswith(EMPTY_VERBS):
            yield f"{module.name}: {node.name}: what gives is a noun, what changes the world a real verb."


def comments_that_say_nothing(module: Module) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type != tokenize.COMMENT:
            continue
        if BANNER.search(token.string):
            yield f"{module.name}:{token.start[0]}: a banner; a module that needs parts is two modules."
        if PROMISE.search(token.string):
            yield f"{module.name}:{token.start[0]}: a promise nobody is told of; it belongs to an issue."


def one_line_docstrings_missing(module: Module) -> Iterator[str]:
    if "/migrations/0" in module.name:
        return  # Django writes it from the models, which say what their columns are.
    if module.text.strip() and ast.get_docstring(module.tree) is None:
        yield f"{module.name} does not say what it owns."
    for node in module.tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            said = ast.get_docstring(node)
            if said is None:
                yield f"{module.name}: {node.name} does not say what its caller gets."


def loose_values(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            if "dataclass" not in called_names(decorator):
                continue
            settings = {word.arg for word in decorator.keywords} if isinstance(decorator, ast.Call) else set()
            if not {"slots", "kw_only"} <= settings:
                yield f"{module.name}: {node.name}: a dataclass has slots and is made by names (slots, kw_only)."


EVERYWHERE = [long_functions, long_modules, too_many_parameters, names_that_say_nothing, comments_that_say_nothing]
IN_THE_PRODUCT = [one_line_docstrings_missing, loose_values]


@pytest.mark.parametrize("rule", EVERYWHERE, ids=lambda rule: rule.__name__)
def test_every_file_keeps_the_limits(rule: Rule) -> None:
    problems = [problem for module in modules() for problem in rule(module) if module.name not in EXCEPTIONS]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("rule", IN_THE_PRODUCT, ids=lambda rule: rule.__name__)
def test_the_product_keeps_the_stricter_ones(rule: Rule) -> None:
    problems = [problem for module in source_modules() for problem in rule(module) if module.name not in EXCEPTIONS]
    assert not problems, "\n".join(problems)


def test_there_are_no_exceptions() -> None:
    assert not EXCEPTIONS, "Split the function or the module instead; one exception invites the next."
