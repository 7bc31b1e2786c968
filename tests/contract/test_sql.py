"""SQL lives in .sql files beside the modules that run it: named statements, each with its contract, none in Python."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from contract.source_tree import SOURCE, kept_files, modules

SQL_FILES = sorted(path for path in kept_files() if path.suffix == ".sql" and path.is_relative_to(SOURCE))
WHOLE_FILES = {"ledger/schema.sql", *(f"ledger/migrations/version_{version}.sql" for version in range(2, 20))}
"""All statements of these are run in their order, so that no Python names them one by one."""
CONDITION_IN = {"reports/conditions.sql": "SELECT 1 WHERE\n"}
"""Files of named conditions, and what one of them completes."""
FILES_MAX = 66
"""60, and the six owners of `lake`."""

NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
SQL_WORDS = (
    "SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|CHECKPOINT|FORCE CHECKPOINT|PRAGMA|BEGIN|COMMIT|ROLLBACK|SET|RESET|"
    "ATTACH|DETACH|COPY|WITH|USE|VACUUM|ANALYZE|INSTALL|LOAD|EXPORT|IMPORT|TRUNCATE|CALL|DESCRIBE|SUMMARIZE|EXECUTE"
)
SQL = re.compile(rf"\A\s*(?:--[^\n]*\n\s*)*(?:{SQL_WORDS})\b|\bSELECT\b[\s\S]*\bFROM\b")
NOT_SQL = {
    # Django's own database, which is SQLite or PostgreSQL: its driver takes these as one option.
    ("web/settings.py", "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"),
    ("people/settings.py", "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"),
    # The first line of a PEM file.
    ("sources/payloads/signatures.py", "BEGIN "),
}


def short(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def statements(path: Path) -> list[tuple[str, str]]:
    parts = NAME.split(path.read_text(encoding="utf-8"))
    return list(zip(parts[1::2], parts[2::2], strict=True))


def every_statement() -> Iterator[tuple[str, str, str]]:
    for path in SQL_FILES:
        for name, text in statements(path):
            yield short(path), name, text


def test_sql_files_are_few() -> None:
    assert len([path for path in SQL_FILES if "migrations" not in path.parts]) <= FILES_MAX


def test_an_sql_file_begins_with_a_name_and_has_no_name_twice() -> None:
    for path in SQL_FILES:
        names = [name for name, _ in statements(path)]
        assert path.read_text(encoding="utf-8").startswith("-- name: "), f"{short(path)} begins with no name."
        assert len(set(names)) == len(names), f"{short(path)} has a name twice."


def test_a_statement_opens_with_its_contract() -> None:
    silent = [
        f"{file}: {name}"
        for file, name, text in every_statement()
        if not re.match(r"-- (Reads|Takes|Gives|Changes)\b", text)
    ]
    assert not silent, f"They open with what they read, take and give (-- Reads: … Takes: … Gives: …): {silent}"


def test_a_statement_that_changes_rows_says_so() -> None:
    contracts = [
        (f"{file}: {name}", "Changes: " in text, re.sub(r"^--[^\n]*\n", "", text, flags=re.MULTILINE).split()[0])
        for file, name, text in every_statement()
    ]
    silent = [name for name, says_so, verb in contracts if verb in ("INSERT", "UPDATE", "DELETE") and not says_so]
    assert not silent, f"They write, so their contract is 'Changes: …', not 'Gives: …': {silent}"


def test_a_name_stands_for_one_statement() -> None:
    # A name in braces is one that Python chooses from our own text.
    texts = {
        (file, name): CONDITION_IN.get(file, "") + re.sub(r"\{\w+\}", "chosen", text)
        for file, name, text in every_statement()
    }
    counts = {place: len(duckdb.extract_statements(text)) for place, text in texts.items()}
    assert not {place: count for place, count in counts.items() if count != 1}


def test_a_result_of_rows_is_in_a_total_order_or_one_row() -> None:
    """By its contract: a statement that gives rows to Python orders them, or says that it gives one or a set."""
    unordered = [
        f"{file}: {name}"
        for file, name, text in every_statement()
        if re.match(r"(?:--[^\n]*\n)*SELECT\b", text)
        and "ORDER BY" not in text
        and not re.search(r"one row(?! per)|in any\s(?:-- )?order", text)
    ]
    assert not unordered, f"They say no order and not that it does not matter: {unordered}"


def test_a_statement_is_used_by_the_module_it_stands_beside() -> None:
    unused = []
    for path in SQL_FILES:
        if short(path) in WHOLE_FILES:
            continue
        owner = path.with_suffix(".py")
        assert owner.exists(), f"{short(path)} stands beside no module of its name."
        texts = set(text_constants(ast.parse(owner.read_text(encoding="utf-8"))))
        unused += [f"{short(path)}: {name}" for name, _ in statements(path) if name not in texts]
    assert not unused, f"Nothing names them: {unused}"


def text_constants(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def sql_in(tree: ast.AST) -> list[str]:
    return [text for text in text_constants(tree) if SQL.search(text)]


def test_no_sql_stands_in_python() -> None:
    found = [
        f"{short(module.path)}: {text.strip()[:60]!r}"
        for module in modules()
        if module.path.is_relative_to(SOURCE)
        for text in sql_in(module.tree)
        if (short(module.path), text) not in NOT_SQL
    ]
    assert not found, f"Give them a name in the .sql file beside the module: {found}"


@pytest.mark.parametrize(
    "python",
    [
        'connection.execute("SELECT count(*) FROM event")',
        'connection.execute(f"INSERT INTO {table} VALUES (1)")',
        'connection.execute("CHECKPOINT")',
        'QUERY = """\n  -- Reads: event.\n  DELETE FROM event"""',
        'connection.execute("SET threads = ?", [1])',
    ],
)
def test_sql_in_python_is_found(python: str) -> None:
    assert sql_in(ast.parse(python))


def test_nothing_that_varies_is_formatted_into_an_executed_string() -> None:
    found = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        if module.path.is_relative_to(SOURCE)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"execute", "executemany", "sql", "query"}
        and node.args
        and isinstance(node.args[0], ast.JoinedStr)
    ]
    assert not found, "An f-string that is executed is a hole for whoever chooses the value."
