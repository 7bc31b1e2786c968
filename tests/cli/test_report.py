"""`report` and `sessions`: the numbers, their formats, and questions that can't be answered."""

import json
from pathlib import Path

import openpyxl
import pyarrow.parquet
import pytest

from cli.conftest import Run

BOTH_WAYS = True

PERIOD = "--from 2026-03-01 --to 2026-04-30"


def test_the_report_has_the_documented_fields(acme: Run) -> None:
    report = acme(f"report --account acme {PERIOD} --format json").json
    assert list(report) == [
        "account", "policy", "period", "filters", "sessions_consumed", "previews", "conversations", "tickets",
        "trend", "by_bot", "by_channel", "by_month", "by_ticket_type",
    ]  # fmt: skip
    assert report["sessions_consumed"] == sum(day["sessions"] or 0 for day in report["trend"])
    assert report["sessions_consumed"] == sum(bot["opened"] for bot in report["by_bot"])


def test_table_csv_and_json_have_the_same_numbers(acme: Run) -> None:
    report = acme(f"report --account acme {PERIOD} --format json").json
    rows = acme(f"report --account acme {PERIOD} --format csv").rows
    page = acme(f"report --account acme {PERIOD}").out
    count = report["sessions_consumed"]
    assert [row["sessions"] for row in rows if row["section"] == "total"] == [str(count)]
    assert sum(int(row["sessions"] or 0) for row in rows if row["section"] == "day") == count
    assert sum(int(row["sessions"] or 0) for row in rows if row["section"] == "month") == count
    assert f"  {count} sessions consumed" in page
    assert {row["key"] for row in rows if row["section"] == "bot"} == {bot["bot_id"] for bot in report["by_bot"]}


def test_the_report_names_the_excess_of_the_bots_over_the_headline(acme: Run) -> None:
    report = acme(f"report --account acme {PERIOD} --format json").json
    more = sum(bot["sessions"] for bot in report["by_bot"]) - report["sessions_consumed"]
    assert more == 1
    assert (
        f"The bots add up to {report['sessions_consumed'] + more}, 1 more"
        in acme(f"report --account acme {PERIOD}").out
    )


def test_a_filter_that_matches_nothing_is_an_answer(acme: Run) -> None:
    ran = acme(f"report --account acme {PERIOD} --bot nobody")
    assert ran.code == 0
    assert "0 sessions consumed" in ran.out
    assert "No session matches these filters" in ran.out


def test_several_values_of_a_filter_match_any_of_them(acme: Run) -> None:
    both = acme(f"report --account acme {PERIOD} --customer cus_8401 --customer cus_8402 --format json").json
    one = acme(f"report --account acme {PERIOD} --customer cus_8402 --format json").json
    assert both["sessions_consumed"] == acme(f"report --account acme {PERIOD} --format json").json["sessions_consumed"]
    assert one["sessions_consumed"] == 1
    assert one["filters"]["customer"] == ["cus_8402"]


def test_a_period_before_the_data_is_moved_up_with_a_message(acme: Run) -> None:
    page = acme("report --account acme --from 2020-01-01 --to 2026-04-30")
    assert "Data starts on 4 Feb 2022: the period was moved up from 1 Jan 2020." in page.out
    ran = acme("report --account acme --from 2020-01-01 --to 2026-04-30 --format json")
    assert ran.json["period"]["from"] == "2022-02-04"
    assert "data starts on 2022-02-04" in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--from 2026-04-02 --to 2026-04-01", "ends before that"),
        ("--from 2026-13-01", "is not a date"),
        ("--to yesterday", "is not a date"),
        ("--format yaml", "yaml"),
        ("", "--account"),
    ],
)
def test_invalid_arguments_have_exit_code_2(acme: Run, arguments: str, message: str) -> None:
    account = "--account acme" if arguments else ""
    for command in ("report", "sessions"):
        ran = acme(f"{command} {account} {arguments}")
        assert ran.code == 2
        assert ran.out == ""
        assert message in ran.err


@pytest.mark.parametrize(("name", "code"), [("nobody", 1), ("../acme", 2), ("", 2), ("acme/../acme", 2)])
def test_an_unknown_or_invalid_account_is_refused(acme: Run, name: str, code: int) -> None:
    ran = acme("report", "--account", name)
    assert ran.code == code
    assert ran.err.startswith("error: ")
    assert "reference" not in ran.err


def test_an_unknown_account_is_refused_with_the_known_ones(acme: Run) -> None:
    assert "acme" in acme("report --account nobody").err


def test_the_page_fits_every_width_and_ascii(acme: Run) -> None:
    assert max(map(len, acme(f"report --account acme {PERIOD}").out.splitlines())) <= 80


@pytest.mark.parametrize("ending", ["csv", "json", "ndjson", "parquet", "xlsx"])
def test_the_ending_of_a_file_sets_its_format(acme: Run, tmp_path: Path, ending: str) -> None:
    ran = acme(f"sessions --account acme {PERIOD} -o rows.{ending}")
    assert ran.code == 0
    assert ran.out == ""
    content = (tmp_path / f"rows.{ending}").read_bytes()
    match ending:
        case "csv":
            row_count = len(content.splitlines()) - 1
        case "json":
            row_count = len(json.loads(content))
        case "ndjson":
            row_count = len(content.splitlines())
        case "xlsx":
            row_count = openpyxl.load_workbook(tmp_path / "rows.xlsx").worksheets[0].max_row - 1
        case _:
            row_count = pyarrow.parquet.read_table(tmp_path / "rows.parquet").num_rows
    assert ran.err.startswith(f"{row_count} rows of ")


def test_rows_have_the_requested_columns_and_time_zone(acme: Run) -> None:
    command = f"sessions --account acme {PERIOD} --format csv --columns channel,session_start"
    utc, there = acme(command).rows, acme(f"{command} --timezone Asia/Kolkata").rows
    assert [list(row) for row in utc] == [["channel", "session_start"]] * len(utc)
    assert {row["session_start"][-1] for row in utc} == {"Z"}
    assert {row["session_start"][-6:] for row in there} == {"+05:30"}
    refused = acme(f"sessions --account acme {PERIOD} --format csv --columns channel,price")
    assert (refused.code, "'price'" in refused.err) == (2, True)


def test_the_rows_on_stdout_are_those_of_the_file(acme: Run, tmp_path: Path) -> None:
    acme(f"sessions --account acme {PERIOD} -o rows.ndjson")
    assert acme(f"sessions --account acme {PERIOD} --format ndjson").out == (tmp_path / "rows.ndjson").read_text()


def test_a_file_that_can_not_be_written_leaves_nothing_behind(acme: Run, tmp_path: Path) -> None:
    ran = acme(f"sessions --account acme {PERIOD} -o missing/rows.csv")
    assert ran.code == 1
    assert "missing/rows.csv" in ran.err
    assert acme(f"sessions --account acme {PERIOD} -o rows.docx").code == 2
    assert not [path for path in tmp_path.iterdir() if path.name.startswith((".rows", "rows"))]


def test_session_ids_are_not_cut_in_a_table(acme: Run) -> None:
    rows = acme(f"sessions --account acme {PERIOD} --format json").json
    table = acme(f"sessions --account acme {PERIOD}").out
    assert all(row["session_id"] in table for row in rows)


def test_a_report_uses_and_names_the_given_time_zone(acme: Run) -> None:
    plain = acme(f"report --account acme {PERIOD} --format json").json
    there = acme(f"report --account acme {PERIOD} --timezone Asia/Kolkata --format json").json
    assert (plain["period"]["timezone"], there["period"]["timezone"]) == ("UTC", "Asia/Kolkata")
    assert there["sessions_consumed"] == sum(day["sessions"] or 0 for day in there["trend"])
    assert "· Asia/Kolkata ·" in acme(f"report --account acme {PERIOD} --timezone Asia/Kolkata").out


def test_an_unknown_time_zone_is_refused(acme: Run) -> None:
    ran = acme(f"report --account acme {PERIOD} --timezone Mars/Base")
    assert ran.code == 1
    assert "'Mars/Base' is not in the IANA time zone database" in ran.err


@pytest.mark.slow
def test_a_report_is_compared_with_other_days(acme: Run) -> None:
    april = "--from 2026-04-01 --to 2026-04-30"
    report = acme(f"report --account acme {april} --compare auto --format json").json
    before = acme("report --account acme --from 2026-03-01 --to 2026-03-31 --format json").json
    compared = report["comparison"]
    assert (compared["with"], compared["period"]) == ("calendar", before["period"])
    assert compared["sessions_consumed"] == before["sessions_consumed"]
    rows = acme(f"report --account acme {april} --compare auto --format csv").rows
    assert [(row["key"], row["sessions"]) for row in rows if row["section"] == "compared"] == [
        ("2026-03-01..2026-03-31", str(before["sessions_consumed"]))
    ]
    page = acme(f"report --account acme {april} --compare auto").out
    assert "1 – 31 Mar 2026" in page
    assert "No earlier data" in acme(f"report --account acme {PERIOD} --compare previous").out


def test_compared_days_need_both_ends(acme: Run) -> None:
    ran = acme(f"report --account acme {PERIOD} --compare-from 2026-03-01")
    assert ran.code == 1
    assert "needs their first and last day" in " ".join(ran.err.split())
