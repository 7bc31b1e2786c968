import ast
import os
import subprocess
import sys
from pathlib import Path

from contract.source_tree import ROOT, SOURCE, source_modules


def test_imports_point_one_way() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint_imports, "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]


def test_the_domain_stands_on_the_standard_library_alone() -> None:
    foreign = [
        f"{module.name} imports {name}"
        for module in source_modules()
        if module.path.is_relative_to(SOURCE / "domain")
        for name in imported(module.tree)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("botmeter.domain")
    ]
    assert not foreign


def test_one_module_reads_the_clock() -> None:
    readers = {
        module.name
        for module in source_modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today", "time_ns"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"datetime", "date", "time"}
    }
    assert readers <= {"src/botmeter/domain/instant.py"}, "What is computed takes now as an argument."


def imported(tree: ast.Module) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "An import says the whole name."
            names.append(node.module or "")
    return names
