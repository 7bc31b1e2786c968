"""Every cache is bounded: none grows with what strangers send."""

import ast
from collections.abc import Iterator
from pathlib import Path

import botmeter

SOURCE = Path(botmeter.__file__).parent
_CACHES = {"cache", "lru_cache", "cached_property"}

BOUNDED = {
    "billing.alerts.account_figures.AccountFigures.bill": "one value for each evaluation",
    "billing.alerts.account_figures.AccountFigures.budgets": "one value for each evaluation",
    "billing.alerts.account_figures.AccountFigures.days": "one value for each evaluation",
    "billing.alerts.account_figures.AccountFigures.plans": "one value for each evaluation",
    "billing.alerts.account_figures.AccountFigures.reader": "one value for each evaluation",
    "charts.cycle._axes": "256 drawings of 4 KB",
    "charts.cycle._lines": "256 drawings of 4 KB",
    "cli.main._app": "all commands, and those of the group that a process runs",
    "pdf.printing._fonts": "4 folders of fonts, of which a server has one",
    "demo.clock._offsets_us": "days of the demo",
    "demo.retailer.campaigns": "years of the demo",
    "lake.task_database._instance": "one for each process",
    "ledger.bucket_reading._file_system_class": "done once",
    "ledger.bucket_reading._opened": "4,096 files of some hundred bytes each",
    "ledger.duckdb_calls.parsed": "1,000 statements of the package's own text",
    "ledger.statements.statements_in": "the package's own files",
    "metering.preset._by_name": "the package's own presets",
    "billing.shipped_plans._by_name": "the shipped plans, which come with the program",
    "people.models.Membership._viewers_see_money": "one answer for each request",
    "metering.scope_states.load_kernel": "done once",
    "outgoing.buckets._file_system": "servers of buckets that the variables name, of which a process has one or few",
    "outgoing.buckets._region_of": "buckets of lakes and files that the process has opened",
    "people.sealing._box_of": "a few secret keys of the server",
    "reports.snapshot._parameters": "500 statements of the package's own text",
    "sources.json_text.elements.LineBlock._are_enclosed": "one value for each block that is read",
    "sources.json_text.elements.LineBlock.count": "one value for each block that is read",
    "sources.json_text.elements.LineBlock.objects": "one value for each block that is read",
    "sources.json_text.json_members._reader": "64 sets of a mapping's names",
    "sources.mapping.ready_made._by_name": "the package's own mappings",
    "sources.payloads.signatures.public_key": "256 secrets of limited length",
    "sources.tables.delimited._install_quiet_hook": "done once",
    "sources.times.time_pattern.time_pattern": "64 patterns of mappings",
    "web.api.document.document": "made once",
    "web.pages.report.report_urls._path": "1,000 short paths",
    "web.report_address._query_string": "1,000 queries of limited length",
}
"""Functions that cache with `functools`, and why their memory is bounded. Other caches are a `BoundedCache`."""


def _cached_functions(node: ast.AST, name: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        inner = name
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{name}.{child.name}"
            if _CACHES & {ast.unparse(each).partition("(")[0].rpartition(".")[2] for each in child.decorator_list}:
                yield inner
        yield from _cached_functions(child, inner)


def test_each_cache_of_a_function_says_why_it_is_bounded() -> None:
    cached = {
        name
        for file in sorted(SOURCE.rglob("*.py"))
        for name in _cached_functions(
            ast.parse(file.read_text("utf-8")), ".".join(file.relative_to(SOURCE).with_suffix("").parts)
        )
    }
    assert cached == set(BOUNDED), "Use domain.bounded_cache.BoundedCache, or say here why the memory is bounded."
