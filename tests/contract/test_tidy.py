"""Limits of size, rules for names and docstrings; each message gives the reason."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator

import pytest

from contract.source_tree import ROOT, Function, Module, called_names, modules, source_modules

# Stays empty: split the function or the module instead.
EXCEPTIONS: frozenset[str] = frozenset()

Rule = Callable[[Module], Iterator[str]]

FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 500
PARAMETERS_MAX = 6
POSITIONAL_MAX = 2

NAMELESS = {"util", "utils", "helper", "helpers", "common", "misc", "core", "base", "manager", "handler"}
EMPTY_VERBS = ("get_", "process_", "handle_", "do_")
# Django and the standard library fix these names.
CALLED_BY_OTHERS = {
    "get_by_natural_key",
    "get_help_text",
    "get_session_auth_hash",
    "get_session_auth_fallback_hash",
    "process_exception",
    "process_view",
    "process_response",
    "handle_starttag",
    "handle_endtag",
    "handle_data",
    "handle_MAIL",
    "handle_RCPT",
    "handle_DATA",
    "do_GET",
    "do_POST",
}
# The parameters of a command are its options.
COMMAND_DECORATORS = {"command", "callback"}
# Numba compiles no keyword-only parameters.
COMPILED_DECORATORS = {"compiled", "njit", "jit", "overload", "intrinsic", "guvectorize", "vectorize"}
# pytest passes fixtures to tests and fixtures by name.
TEST_DECORATORS = {"fixture", "given", "parametrize", "composite"}

BANNER = re.compile(r"#\s*([-=#*~_])\1{4,}")
QUESTION = re.compile(r"(What|How|Whether|Has|So that|Where|Which|Who|When)\b")
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


def is_exempt_from_parameter_limits(function: Function) -> bool:
    is_dunder = function.name.startswith("__") and function.name != "__init__"
    is_test = function.name.startswith(("test_", "pytest_"))
    # A compiled pass takes arrays one by one: unpacking a tuple of them inside it would count references.
    exempt = COMMAND_DECORATORS | TEST_DECORATORS | COMPILED_DECORATORS
    return is_dunder or is_test or bool(decorators(function) & exempt)


def long_functions(module: Module) -> Iterator[str]:
    for function in module.functions():
        line_count = (function.end_lineno or function.lineno) - function.lineno + 1
        if line_count > FUNCTION_LINES_MAX:
            yield f"{module.name}: {function.name} has {line_count} lines; the limit is {FUNCTION_LINES_MAX}."


def long_modules(module: Module) -> Iterator[str]:
    limit = TEST_FILE_LINES_MAX if module.is_test else MODULE_LINES_MAX
    line_count = module.text.count("\n")
    if line_count > limit:
        yield f"{module.name} has {line_count} lines; the limit is {limit}."


def too_many_parameters(module: Module) -> Iterator[str]:
    for function in module.functions():
        if is_exempt_from_parameter_limits(function):
            continue
        positional, named = own_parameters(function)
        if len(positional) + len(named) > PARAMETERS_MAX:
            count = len(positional) + len(named)
            yield f"{module.name}: {function.name} has {count} parameters; at most {PARAMETERS_MAX} are allowed."
        if len(positional) > POSITIONAL_MAX and not decorators(function) & COMPILED_DECORATORS:
            third = positional[POSITIONAL_MAX]
            yield f"{module.name}: {function.name} takes {third} by position; it must be keyword-only."


def names_that_say_nothing(module: Module) -> Iterator[str]:
    for part in module.name.removesuffix(".py").split("/"):
        if NAMELESS & set(part.split("_")):
            yield f"{module.name}: {part!r} says nothing about the contents; use a noun that does."
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            words = {word.lower() for word in re.findall(r"[A-Z][a-z]+", node.name)}
            if words & NAMELESS:
                yield f"{module.name}: class {node.name} has a name that says nothing about it."
        if not isinstance(node, Function) or node.name in CALLED_BY_OTHERS:
            continue
        if node.name.lstrip("_").startswith(EMPTY_VERBS):
            yield f"{module.name}: {node.name}: name a computation for its result, an action with a specific verb."


def comments_that_say_nothing(module: Module) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type != tokenize.COMMENT:
            continue
        if BANNER.search(token.string):
            yield f"{module.name}:{token.start[0]}: a banner comment; split the module instead."
        if PROMISE.search(token.string):
            yield f"{module.name}:{token.start[0]}: an open task; write an issue instead."


def missing_docstrings(module: Module) -> Iterator[str]:
    if "/migrations/0" in module.name:
        return  # Django generates migrations from the models, which document the columns.
    if module.text.strip() and ast.get_docstring(module.tree) is None:
        yield f"{module.name} has no docstring."
    for node in module.tree.body:
        is_public = isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_")
        if is_public and ast.get_docstring(node) is None:
            yield f"{module.name}: {node.name} has no docstring."


def loose_dataclasses(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            if "dataclass" not in called_names(decorator):
                continue
            settings = {word.arg for word in decorator.keywords} if isinstance(decorator, ast.Call) else set()
            if not {"slots", "kw_only"} <= settings:
                yield f"{module.name}: {node.name}: a dataclass needs slots=True and kw_only=True."


def packed_parameters(module: Module) -> Iterator[str]:
    aliases = {
        target.id: node.value
        for node in module.tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for function in module.functions():
        if is_exempt_from_parameter_limits(function):
            continue
        arguments = function.args
        for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
            if len(set(tuple_members(argument.annotation, aliases))) > 1:
                yield f"{module.name}: {function.name} packs values into {argument.arg}; name a value object."


def tuple_members(annotation: ast.expr | None, aliases: dict[str, ast.expr]) -> list[str]:
    """The types of `tuple[A, B]`, also behind an alias of the module or in a union; none for `tuple[A, ...]`."""
    match annotation:
        case ast.Constant(value=str(text)):
            return tuple_members(ast.parse(text, mode="eval").body, aliases)
        case ast.BinOp(left=left, right=right):
            return tuple_members(left, aliases) or tuple_members(right, aliases)
        case ast.Name(id=name) if name in aliases:
            others = {other: value for other, value in aliases.items() if other != name}
            return tuple_members(aliases[name], others)
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=parts)):
            members = [ast.unparse(part) for part in parts]
            return [] if "..." in members else members
    return []


def questions_as_docstrings(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Module | ast.ClassDef | Function):
            text = ast.get_docstring(node)
            if text is not None and QUESTION.match(text):
                name = getattr(node, "name", "the module")
                yield f"{module.name}: the docstring of {name} opens like a question; use an imperative or a noun."


EVERYWHERE = [
    long_functions,
    long_modules,
    too_many_parameters,
    packed_parameters,
    names_that_say_nothing,
    comments_that_say_nothing,
    questions_as_docstrings,
]
IN_THE_PRODUCT = [missing_docstrings, loose_dataclasses]


@pytest.mark.parametrize("rule", EVERYWHERE, ids=lambda rule: rule.__name__)
def test_every_file_keeps_the_rule(rule: Rule) -> None:
    problems = [problem for module in modules() for problem in rule(module) if module.name not in EXCEPTIONS]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("rule", IN_THE_PRODUCT, ids=lambda rule: rule.__name__)
def test_every_file_of_the_product_keeps_the_rule(rule: Rule) -> None:
    problems = [problem for module in source_modules() for problem in rule(module) if module.name not in EXCEPTIONS]
    assert not problems, "\n".join(problems)


def test_a_parameter_of_packed_values_is_found() -> None:
    parameters = "a: Pair, b: 'tuple[int, str] | None', c: tuple[int, int], d: tuple[int, ...]"
    text = f"Pair = tuple[int, str]\ndef f({parameters}): ...\n"
    module = Module(path=ROOT / "example.py", text=text, tree=ast.parse(text))
    assert [problem.split(";")[0] for problem in packed_parameters(module)] == [
        "example.py: f packs values into a",
        "example.py: f packs values into b",
    ]


@pytest.mark.parametrize(("text", "count"), [("Whether it runs.", 1), ("Whatever runs.", 0), ("Return the run.", 0)])
def test_a_docstring_that_opens_like_a_question_is_found(text: str, count: int) -> None:
    code = f'def f():\n    """{text}"""\n'
    module = Module(path=ROOT / "example.py", text=code, tree=ast.parse(code))
    assert len(list(questions_as_docstrings(module))) == count


def test_there_are_no_exceptions() -> None:
    assert not EXCEPTIONS, "Split the function or the module instead; one exception invites the next."
