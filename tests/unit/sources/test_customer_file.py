"""Files of customers who are the same: read as a whole, refused with the numbers of the lines."""

import pytest
from tests.support.workbooks import rewritten, workbook
from tests.unit.sources.test_table_shapes import SHAPES, text

from botmeter.domain.errors import BotmeterError, Refused, TooMuch
from botmeter.ledger.customers import PAIRS_MAX, SameCustomer
from botmeter.sources.customer_file import BYTES_MAX, csv_from_pairs, pairs_from_file
from botmeter.sources.table_options import TableOptions


def test_columns_stand_in_any_order_and_lines_are_remembered() -> None:
    assert pairs_from_file(b"\xef\xbb\xbfAlias, customer_id\r\nphone-7,web-7\r\n\r\n, \n mail-7 ,web-7\n") == (
        SameCustomer(customer_id="web-7", alias="phone-7", label="line 2"),
        SameCustomer(customer_id="web-7", alias="mail-7", label="line 5"),
    )


def test_a_written_customer_file_is_read_back() -> None:
    pairs = (SameCustomer(customer_id='a,"b"', alias="c\nd"), SameCustomer(customer_id="é", alias="=x"))
    again = pairs_from_file(csv_from_pairs(pairs).encode())
    assert [(pair.customer_id, pair.alias) for pair in again] == [(pair.customer_id, pair.alias) for pair in pairs]


@pytest.mark.parametrize(
    ("content", "family", "code", "sentence"),
    [
        (b"", Refused, "merge_file_invalid", "first line of the file must be the column names customer_id and alias"),
        (b"customer,alias\na,b\n", Refused, "merge_file_invalid", "first line of the file must be"),
        (b"customer_id,alias\na,b,c\nd,e\nf,\n", Refused, "merge_file_invalid", "line 2 needs"),
        (b"customer_id,alias\na,b,c\nd,e\nf,\n", Refused, "merge_file_invalid", "line 4 needs"),
        (b"customer_id,alias\n" + b"a\n" * 23, Refused, "merge_file_invalid", "; and 3 more."),
        (b"customer_id,alias\na,\xff\n", Refused, "text_invalid", "Line 2 of the file is not UTF-8"),
        (b'customer_id,alias\n"a"x,b\n', Refused, "merge_file_invalid", "is not valid CSV"),
        (b"customer_id,alias\n" + b"a,b\n" * (PAIRS_MAX + 1), TooMuch, "merge_too_large", "1,001 pairs"),
        (b" " * (BYTES_MAX + 1), TooMuch, "merge_too_large", "2,097,153 bytes"),
    ],
)
def test_another_file_is_refused_with_a_sentence(
    content: bytes, family: type[BotmeterError], code: str, sentence: str
) -> None:
    with pytest.raises(family) as refused:
        pairs_from_file(content)
    assert refused.value.code == code
    assert sentence in refused.value.message


PLAIN = (("customer_id", "alias"), ("Ünal", "u2"), ("007", "u3"))


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_a_table_gives_the_same_pairs(shape: str) -> None:
    pairs = pairs_from_file(SHAPES[shape](PLAIN))
    assert [(pair.customer_id, pair.alias) for pair in pairs] == [("Ünal", "u2"), ("007", "u3")]


def test_options_and_rules_of_tables_hold_for_merges() -> None:
    titled = [("Merges", ""), *PLAIN]
    for content in (text(titled, ";").encode("windows-1252"), workbook(*titled)):
        options = TableOptions(encoding="windows-1252", header_row=2)
        assert [(pair.alias, pair.label) for pair in pairs_from_file(content, options=options)] == [
            ("u2", "line 3"),
            ("u3", "line 4"),
        ]
        with pytest.raises(Refused, match="must be the column names customer_id and alias"):
            pairs_from_file(workbook(*titled))
    assert [pair.customer_id for pair in pairs_from_file(b"customer_id,alias\n7.0,a\n8.0,b\n")] == ["7", "8"]
    with pytest.raises(Refused, match="line 2: customer_id is '9,1E.11', a number from which") as refused:
        pairs_from_file(b"customer_id;alias\n9,1E+11;b\nSumme;\n")
    assert "line 3: The row is a total ('Summe')" in refused.value.message


def test_a_workbook_of_merges_may_take_less_memory_than_one_of_events() -> None:
    def sparse(sheet: bytes) -> bytes:
        return sheet.replace(b'"A3"', b'"A300000"')

    with pytest.raises(TooMuch, match="a sheet with 600,000 cells; the limit is 500,000") as refused:
        pairs_from_file(rewritten(workbook(*PLAIN), "xl/worksheets/sheet1.xml", change=sparse))
    assert refused.value.code == "sheet_too_large"
