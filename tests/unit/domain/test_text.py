"""Text forms of ids."""

import pytest

from botmeter.domain.text import cut_id, short_id


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("anna", "anna"),
        ("a" * 20, "a" * 20),
        ("whatsapp:+4915112345678", "whatsapp:+49…2345678"),
        ("3f0c4c2e-0000-4000-8000-0000000a91b2", "3f0c4c2e…91b2"),
        ("", ""),
    ],
)
def test_a_long_id_is_cut_in_the_middle(value: str, shown: str) -> None:
    assert short_id(value) == shown


@pytest.mark.parametrize("length_max", range(4, 60))
def test_a_cut_id_has_the_length_allowed_and_keeps_both_ends(length_max: int) -> None:
    value = "".join(chr(0x4E00 + number) for number in range(60))
    begin, end = cut_id(value, length_max=length_max).split("…")
    assert len(begin) + 1 + len(end) == length_max
    assert value.startswith(begin)
    assert value.endswith(end)
    assert end
