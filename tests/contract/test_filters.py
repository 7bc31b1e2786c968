"""Every declared filter is found on the page, in the API, on the command line and in the documentation."""

from typing import Any

import msgspec
import pytest
from django.http import QueryDict
from typer.main import get_command

from botmeter.cli.main import app
from botmeter.reports.filters import FILTERS, NO_FILTERS, FilterDeclaration, Filters, filters_of
from botmeter.reports.query import UsageQuery
from botmeter.reports.report_json import ReportFilters
from botmeter.web.api.parameters import QUESTION
from botmeter.web.pages.report.filter_bar import bar_filters
from botmeter.web.report_address import read_address
from contract.source_tree import ROOT

EACH = pytest.mark.parametrize("declared", FILTERS, ids=lambda declared: declared.name)
CONCEPT = (ROOT / "docs" / "concepts" / "reports.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")


def options_of(command: str) -> set[str]:
    declared: Any = get_command(app)
    return {option for parameter in declared.commands[command].params for option in parameter.opts}


@EACH
def test_a_filter_is_an_option_of_the_commands_and_so_is_its_is_not(declared: FilterDeclaration) -> None:
    for command in ("report", "sessions", *(("simulate",) if declared.is_simulated else ())):
        assert {declared.option, declared.not_option} <= options_of(command)
    assert f"`{declared.option}" in COMMANDS
    assert f"`{declared.not_option}" in COMMANDS


@EACH
def test_a_filter_is_a_parameter_of_the_api_and_stands_in_its_answers(declared: FilterDeclaration) -> None:
    parameters = {parameter.name: parameter for parameter in QUESTION}
    assert {declared.name, declared.not_parameter} <= set(parameters)
    assert parameters[declared.name].is_list
    assert declared.name in {field.name for field in msgspec.structs.fields(ReportFilters)}
    filters = Filters(**{declared.name: (declared.example,)})
    assert filters.as_mapping()[declared.name] == [declared.example]
    assert NO_FILTERS.with_excluded(declared.name, (declared.example,)).as_mapping()["not"] == {
        declared.name: [declared.example]
    }


@EACH
def test_an_address_keeps_what_a_filter_picks_and_excludes(declared: FilterDeclaration) -> None:
    for parameter in (declared.name, declared.not_parameter):
        query = QueryDict(f"{parameter}={declared.example}")
        address = read_address(query)
        assert address.filters != NO_FILTERS
        assert QueryDict(address.query().removeprefix("?")) == query


def chips(filters: Filters) -> list[tuple[FilterDeclaration, bool]]:
    return list(bar_filters(filters))


@EACH
def test_the_page_has_a_chip_for_a_filter_that_is_set(declared: FilterDeclaration) -> None:
    picked = NO_FILTERS.with_values(declared.name, (declared.example,))
    excluded = NO_FILTERS.with_excluded(declared.name, (declared.example,))
    assert (declared, False) in chips(picked)
    assert (declared, True) in chips(excluded)
    assert ((declared, False) in chips(NO_FILTERS)) == declared.in_bar


@EACH
def test_a_filter_is_documented(declared: FilterDeclaration) -> None:
    assert f"| {declared.label} | `{declared.name}` | `{declared.option}` | {declared.condition} |" in CONCEPT


def test_filters_that_are_not_set_are_equal_whatever_they_were_made_of() -> None:
    empty = filters_of({"bot": [""]}, {"channel": []}, preview=None)
    assert empty == NO_FILTERS == Filters(excluded=Filters())
    assert UsageQuery.__dataclass_fields__["filters"].default == NO_FILTERS
