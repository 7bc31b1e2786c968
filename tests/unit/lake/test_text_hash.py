"""Hashes that files of lakes keep for good."""

from random import Random

import numpy as np
import pyarrow as pa

from botmeter.lake.text_hash import text_hashes

TEXTS = ["", "a", "b", "a\0", "customer-1", "customer-2", "12345678", "123456789", "é" * 20, None]


def test_the_hashes_of_texts_never_change() -> None:
    assert text_hashes(pa.array(TEXTS)).tolist() == [
        0,
        9360986601965972829,
        5214523505702833108,
        7104795549588676538,
        13731618893463947439,
        13675394776157941712,
        4361229660712626416,
        11144131592751546711,
        12992436623342985090,
        0,
    ]


def test_a_hash_depends_on_the_text_alone() -> None:
    whole = text_hashes(pa.array(TEXTS))
    assert text_hashes(pa.array(TEXTS).slice(3, 4)).tolist() == whole[3:7].tolist()
    assert text_hashes(pa.array(TEXTS).dictionary_encode()).tolist() == whole.tolist()
    assert text_hashes(pa.chunked_array([pa.array(TEXTS[:4]), pa.array(TEXTS[4:])])).tolist() == whole.tolist()
    assert text_hashes(pa.array(TEXTS, pa.large_string())).tolist() == whole.tolist()


def test_different_texts_have_different_hashes_in_all_buckets() -> None:
    random = Random(1)
    texts = {"".join(random.choices("ab01é", k=random.randint(0, 40))) for _ in range(20_000)}
    hashes = text_hashes(pa.array(sorted(texts)))
    assert len(set(hashes.tolist())) == len(texts)
    per_bucket = [int(count) for count in np.bincount((hashes % 64).astype(int), minlength=64)]
    assert min(per_bucket) > len(texts) / 64 * 0.7
