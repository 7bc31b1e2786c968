"""Files of customers who are the same: read as a whole, refused with the numbers of the lines."""

import pytest

from botmeter.domain.errors import BotmeterError, Refused, TooMuch
from botmeter.ledger.customer_file import BYTES_MAX, csv_from_pairs, pairs_from_csv
from botmeter.ledger.customers import PAIRS_MAX, SameCustomer


def test_columns_stand_in_any_order_and_lines_are_remembered() -> None:
    assert pairs_from_csv(b"\xef\xbb\xbfAlias, customer_id\r\nphone-7,web-7\r\n\r\n, \n mail-7 ,web-7\n") == (
        SameCustomer(customer_id="web-7", alias="phone-7", label="line 2"),
        SameCustomer(customer_id="web-7", alias="mail-7", label="line 5"),
    )


def test_a_written_customer_file_is_read_back() -> None:
    pairs = (SameCustomer(customer_id='a,"b"', alias="c\nd"), SameCustomer(customer_id="é", alias="=x"))
    again = pairs_from_csv(csv_from_pairs(pairs).encode())
    assert [(pair.customer_id, pair.alias) for pair in again] == [(pair.customer_id, pair.alias) for pair in pairs]


@pytest.mark.parametrize(
    ("content", "family", "code", "sentence"),
    [
        (b"", Refused, "merge_file_invalid", "first line of the file must be the column names customer_id and alias"),
        (b"customer,alias\na,b\n", Refused, "merge_file_invalid", "first line of the file must be"),
        (b"customer_id,alias\na,b,c\nd,e\nf,\n", Refused, "merge_file_invalid", "line 2 needs"),
        (b"customer_id,alias\na,b,c\nd,e\nf,\n", Refused, "merge_file_invalid", "line 4 needs"),
        (b"customer_id,alias\n" + b"a\n" * 23, Refused, "merge_file_invalid", "; and 3 more."),
        (b"customer_id,alias\na,\xff\n", Refused, "merge_file_invalid", "Line 2 of the file is not UTF-8"),
        (b'customer_id,alias\n"a"x,b\n', Refused, "merge_file_invalid", "is not valid CSV"),
        (b"customer_id,alias\n" + b"a,b\n" * (PAIRS_MAX + 1), TooMuch, "merge_too_large", "1,001 pairs"),
        (b" " * (BYTES_MAX + 1), TooMuch, "merge_too_large", "2,097,153 bytes"),
    ],
)
def test_another_file_is_refused_with_a_sentence(
    content: bytes, family: type[BotmeterError], code: str, sentence: str
) -> None:
    with pytest.raises(family) as refused:
        pairs_from_csv(content)
    assert refused.value.code == code
    assert sentence in refused.value.message
