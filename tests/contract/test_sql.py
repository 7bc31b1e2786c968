"""SQL lives in .sql files, one statement each, opening with its contract; nothing is put together in Python."""

import ast
import re
from pathlib import Path

import duckdb

from contract.source_tree import SOURCE, kept_files, modules, source_modules

SQL_FILES = [path for path in kept_files() if path.suffix == ".sql" and path.is_relative_to(SOURCE)]
STATEMENT = re.compile(r"\b(SELECT|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(?:OR\s|TEMP|TABLE|VIEW))\b")


def short(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def test_an_sql_file_opens_with_its_contract() -> None:
    silent = []
    for path in SQL_FILES:
        head = path.read_text(encoding="utf-8").partition("\n--")[0]
        if not re.match(r"-- (Reads|Takes|Gives|Changes)\b", head):
            silent.append(short(path))
    assert not silent, f"They open with what they read, take and give (-- Reads: … Takes: … Gives: …): {silent}"


def test_an_sql_file_is_one_statement() -> None:
    # A name in braces is one that Python chooses from our own text.
    texts = {short(path): re.sub(r"\{\w+\}", "chosen", path.read_text(encoding="utf-8")) for path in SQL_FILES}
    counts = {name: len(duckdb.extract_statements(text)) for name, text in texts.items()}
    assert not {name: count for name, count in counts.items() if count != 1}


def test_an_sql_file_is_used() -> None:
    """By its own name, or with all of its folder by the folder's."""
    python = "\n".join(module.text for module in source_modules())
    unused = [
        short(path)
        for path in SQL_FILES
        if not re.search(rf"\b{re.escape(path.stem)}\b", python)
        and not re.search(rf"[\"'/]{path.parent.name}\b", python)
    ]
    assert not unused, f"Nothing names them: {unused}"


def test_no_statement_is_put_together_in_python() -> None:
    found = [
        f"{module.name}:{node.lineno}: {text.strip()[:60]!r}"
        for module in modules()
        if module.path.is_relative_to(SOURCE)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.JoinedStr)
        for text in ["".join(part.value for part in node.values if isinstance(part, ast.Constant))]
        if STATEMENT.search(text)
    ]
    assert not found, "Values are bound; names come from our own text, chosen by an enum."


def test_nothing_that_varies_is_formatted_into_an_executed_string() -> None:
    found = [
        f"{module.name}:{node.lineno}"
        for module in source_modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"execute", "executemany", "sql", "query"}
        and node.args
        and isinstance(node.args[0], ast.JoinedStr)
    ]
    assert not found, "An f-string that is executed is a hole for whoever chooses the value."
