"""A vendor's list of sessions: formats, columns, times, amounts, and rows that can't be read."""

import gzip
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from tests.support.workbooks import workbook

from botmeter.domain.errors import Refused
from botmeter.domain.instant import us_from_text
from botmeter.sources import vendor_sessions
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.reader import SourceFile
from botmeter.sources.vendor_sessions import VENDOR_SCHEMA, VENDOR_SESSIONS, VendorList, vendor_list

COLUMNS = ("started_at", "customer_id", "conversation_id", "amount")
ROWS = (("2026-10-03T10:00:00Z", "c1", "v1", "0.10"), ("2026-10-03T12:00:00+05:30", "c2", "", ""))
READ = [
    {"row": 1, "started_at": "2026-10-03T10:00:00Z", "customer_id": "c1", "conversation_id": "v1", "amount": "0.10"},
    {"row": 2, "started_at": "2026-10-03T06:30:00Z", "customer_id": "c2"},
]


def expected(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            **dict.fromkeys(VENDOR_SCHEMA.names),
            **row,
            "started_at": us_from_text(row["started_at"]),
            "amount": Decimal(row["amount"]) if "amount" in row else None,
        }
        for row in rows
    ]


def objects() -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, cells, strict=True)) for cells in ROWS]


WRITERS: dict[str, Callable[[Path], object]] = {
    "list.csv": lambda path: path.write_text("\n".join(",".join(cells) for cells in (COLUMNS, *ROWS))),
    "list.tsv": lambda path: path.write_text("\n".join("\t".join(cells) for cells in (COLUMNS, *ROWS))),
    "list.csv.gz": lambda path: path.write_bytes(
        gzip.compress("\n".join(";".join(cells) for cells in (COLUMNS, *ROWS)).encode())
    ),
    "list.xlsx": lambda path: path.write_bytes(workbook(COLUMNS, *ROWS)),
    "list.ndjson": lambda path: path.write_text("".join(json.dumps(each) + "\n" for each in objects())),
    "list.json": lambda path: path.write_text(json.dumps(objects())),
    "list.parquet": lambda path: pyarrow.parquet.write_table(pa.Table.from_pylist(objects()), path),
}


def read(folder: Path, text: str, *, mapping: dict[str, Any] | None = None, name: str = "list.csv") -> VendorList:
    path = folder / name
    path.write_text(text)
    chosen = None if mapping is None else mapping_from_document(mapping, shape=VENDOR_SESSIONS)
    return vendor_list(SourceFile(path=str(path), name=name, mapping=chosen))


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name)
    result = vendor_list(SourceFile(path=str(tmp_path / name), name=name))
    assert result.rows.to_pylist() == expected(READ)
    assert result.rejections == ()


def test_a_mapping_names_columns_and_reads_local_times(tmp_path: Path) -> None:
    mapping = {
        "started_at": {"column": "Start", "format": "%d/%m/%Y %H:%M", "timezone": "Asia/Kolkata"},
        "customer_id": {"join": [{"column": "Shop"}, {"column": "Nr"}], "separator": "-"},
        "channel": {"column": "Via", "values": {"WA": "whatsapp"}},
    }
    result = read(tmp_path, "Start,Shop,Nr,Via\n03/10/2026 15:30,eu,7,WA\n", mapping=mapping)
    row = {"row": 1, "started_at": "2026-10-03T10:00:00Z", "customer_id": "eu-7", "channel": "whatsapp"}
    assert result.rows.to_pylist() == expected([row])


def test_numbers_of_a_json_file_are_amounts_with_all_their_digits(tmp_path: Path) -> None:
    lines = [
        f'{{"started_at": "2026-10-03T10:00:00Z", "amount": {number}}}' for number in ("0.1", "12", "0.0075", "1e-7")
    ]
    result = read(tmp_path, "\n".join(lines), name="list.ndjson")
    assert result.rows["amount"].to_pylist() == [Decimal(text) for text in ("0.1", "12", "0.0075", "0.0000001")]


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("0", "0"), ("-1.50", "-1.5"), ("+2", "2"), (" 3.00 ", "3"), (".5", "0.5"), ("5.", "5"), ("1E-3", "0.001"),
        ("12345678901234567890.123456789012", "12345678901234567890.123456789012"), ("", None),
        ("$0.10", "amount_invalid"), ("1,234", "amount_invalid"), ("1,234.50", "amount_invalid"),
        ("NaN", "amount_invalid"), ("Infinity", "amount_invalid"), ("1_000", "amount_invalid"), ("٣", "amount_invalid"),
        ("free", "amount_invalid"), ("1e40", "amount_invalid"), ("0.0000000000001", "amount_invalid"),
        ("123456789012345678901", "amount_invalid"),
    ],
)  # fmt: skip
def test_an_amount_is_a_plain_decimal_number_or_refused(tmp_path: Path, cell: str, amount: str | None) -> None:
    result = read(tmp_path, f'started_at,amount\n2026-10-03T10:00:00Z,"{cell}"\n')
    if amount == "amount_invalid":
        assert [(each.index, each.code) for each in result.rejections] == [(0, amount)]
        assert (
            "it must be a decimal number" in result.rejections[0].detail or "20 digits" in result.rejections[0].detail
        )
    else:
        assert result.rows["amount"].to_pylist() == [None if amount is None else Decimal(amount)]


def test_rows_that_cant_be_read_are_listed_with_their_number(tmp_path: Path) -> None:
    lines = [
        *("started_at,customer_id,amount", "2026-10-03T10:00:00Z,c1,1", "2026-10-03 10:00,c1,1", ",c1,1"),
        *(
            "2026-10-03T10:00:00Z,1.34681E+12,1",
            "2026-10-03T10:00:00Z,c1,1,more",
            "Total,,4",
            "2026-10-03T10:00:00Z,c9,x",
        ),
    ]
    result = read(tmp_path, "\n".join(lines))
    assert len(result.rows) == 1
    assert [(each.index + 1, each.code) for each in result.rejections] == [
        *((2, "time_without_offset"), (3, "field_missing"), (4, "id_rounded"), (5, "row_uneven"), (6, "row_total")),
        (7, "amount_invalid"),
    ]
    assert (result.rejected_count, result.total_count) == (5, 1)


@pytest.mark.parametrize(
    ("header", "proposed"),
    [
        (
            "Session Start,Contact ID,Cost",
            'started_at = { column = "Session Start" }, customer_id = { column = "Contact ID" }',
        ),
        ("sessionStart,Platform", 'started_at = { column = "sessionStart" }, channel = { column = "Platform" }.'),
        ("a,b", "name others with --mapping."),
    ],
)
def test_other_columns_are_refused_with_a_mapping_to_start_from(tmp_path: Path, header: str, proposed: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(tmp_path, f"{header}\n2026-10-03T10:00:00Z,x,1\n")
    assert refusal.value.code == "column_missing"
    assert proposed in refusal.value.message


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ({"occurred_at": {"column": "x"}}, "unknown field 'occurred_at'; the fields are started_at, customer_id"),
        ({"started_at": {"format": "%d/%m/%Y %H:%M"}}, "started_at.format '%d/%m/%Y %H:%M' reads no offset"),
        ({"amount": {"timezone": "UTC"}}, "amount has 'timezone'"),
    ],
)
def test_a_mapping_that_cant_be_is_refused(mapping: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused, match="Invalid mapping") as refusal:
        mapping_from_document(mapping, shape=VENDOR_SESSIONS)
    assert reason in refusal.value.message


def test_a_list_that_is_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor_sessions, "ROWS_MAX", 2)
    row = "2026-10-03T10:00:00Z\n"
    assert len(read(tmp_path, f"started_at\n{row * 2}").rows) == 2
    with pytest.raises(Refused, match="more than 2 rows, the limit") as refusal:
        read(tmp_path, f"started_at\n{row * 3}")
    assert refusal.value.code == "list_too_long"


@pytest.mark.parametrize(
    ("cells", "decimal", "amounts"),
    [
        # The file says so.
        (["0,10", "12", "1.234,50", "-3,125"], "", ["0.10", "12", "1234.50", "-3.125"]),
        (["1.234,500", "1.234.567"], "", ["1234.500", "1234567"]),
        # The mapping does.
        (["1,234", "5"], ",", ["1.234", "5"]),
        (["0.10", "5"], ".", ["0.10", "5"]),
        # Nothing does, or both are there: a comma is refused.
        (["1,234", "0.10"], "", [None, "0.10"]),
        (["0,10", "0.10"], "", [None, "0.10"]),
        # Points that may be between thousands are refused beside decimal commas.
        (["0,10", "1.234", "1,2,3", "€ 1,20"], "", ["0.10", None, None, None]),
        (["0,10"], ".", [None]),
    ],
)
def test_amounts_have_decimal_commas_where_the_mapping_or_the_file_says_so(
    tmp_path: Path, cells: list[str], decimal: str, amounts: list[str | None]
) -> None:
    lines = [f"2026-10-03T10:0{number}:00Z;{cell}" for number, cell in enumerate(cells)]
    mapping = {"amount": {"column": "Betrag", **({"decimal": decimal} if decimal else {})}}
    result = read(tmp_path, "\n".join(["started_at;Betrag", *lines]), mapping=mapping)
    assert result.rows["amount"].to_pylist() == [Decimal(text) for text in amounts if text is not None]
    assert [each.index for each in result.rejections] == [at for at, text in enumerate(amounts) if text is None]
    assert all("decimal" in each.detail for each in result.rejections)
    assert bool(result.notes) is (not decimal and amounts[0] is not None)


def test_numbers_of_a_json_file_keep_their_points_beside_texts_with_commas(tmp_path: Path) -> None:
    rows = [{"started_at": "2026-10-03T10:00:00Z", "amount": amount} for amount in ("0,10", 0.125, 1.5)]
    mapping = {"amount": {"column": "amount", "decimal": ","}}
    result = read(tmp_path, json.dumps(rows), name="list.json", mapping=mapping)
    assert sorted(result.rows["amount"].to_pylist()) == [Decimal("0.10"), Decimal("0.125"), Decimal("1.5")]
