"""Commands look at their surroundings in one place, since they may be run for another process."""

import ast

import pytest

from contract.source_tree import Module, source_modules

# The entry of the program, which has the process to itself; what turns the process into surroundings; a script.
PROCESS = {"main.py", "context.py", "reference.py"}
COMMANDS = [module for module in source_modules() if "/cli/" in f"/{module.name}" and module.path.name not in PROCESS]
OWN = {"sys.stdin", "sys.stdout", "sys.stderr", "sys.argv", "os.environ", "os.getcwd", "os.getenv", "Path.cwd"}


@pytest.mark.parametrize("module", COMMANDS, ids=lambda module: module.path.stem)
def test_a_command_finds_streams_and_variables_in_its_surroundings(module: Module) -> None:
    found = [
        f"{module.name}:{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in OWN
    ]
    # A client tells the server where it was called.
    allowed = module.path.stem == "through_server"
    assert allowed or not found, "They are the server's own when it runs the command: use cli/context.py."


def test_there_are_commands_to_look_at() -> None:
    assert len(COMMANDS) > 20


def test_the_environment_is_read_and_written_in_one_module() -> None:
    readers = {module.name for module in source_modules() if any(map(reads_environment, ast.walk(module.tree)))}
    assert readers == {"src/botmeter/domain/settings.py"}, "Settings come from botmeter.domain.settings."


def reads_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "os" and bool({alias.name for alias in node.names} & {"environ", "environb", "getenv"})
    return isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.environb", "os.getenv"}
