"""Small files that stand for gigabytes are read in bounded memory, by a process of its own."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.faults

# Not `ru_maxrss`, which begins with the memory of the process that started this one.
READER = """
import sys
from pathlib import Path
from botmeter.sources.reader import SourceFile, batches
count = sum(len(batch.events) + len(batch.rejections) for batch in batches(SourceFile(path=sys.argv[1])))
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
print(count, int(peak.split()[1]) >> 10)
"""
# A process that has imported the reader takes about 120 MB. Without bounds these took from 1,000 MB up.
MEMORY_MB_MAX = 700
LONG = "x" * (1 << 20)


def _columns(rows: int) -> dict[str, pa.Array]:
    fields = {
        "occurred_at": "2026-05-20T10:00:00Z",
        "conversation_id": "c",
        "customer_id": "u",
        "actor": "customer",
    }
    return {"event_id": pa.array(map(str, range(rows))), **{name: _same(text, rows) for name, text in fields.items()}}


def _same(text: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), pa.array([text]))


def _dictionary(file: Path) -> int:
    pq.write_table(pa.table({**_columns(300), "conversation_id": _same(LONG, 300)}), file, store_schema=False)
    return 300


def _maps(file: Path) -> int:
    maps = pa.array([[("k", LONG)]] * 200, pa.map_(pa.string(), pa.string()))
    pq.write_table(pa.table({**_columns(200), "attributes": maps}), file, compression="zstd", store_schema=False)
    return 200


def _tiny_lines(file: Path) -> int:
    file.write_bytes(b"{}\n" * 120_000)
    return 120_000


def _lists(file: Path) -> int:
    file.write_bytes(b'{"event_id":"1","attributes":{"a":[' + b"[]," * (8 << 20) + b"[]]}}\n")
    return 1


@pytest.mark.parametrize("written", [_dictionary, _maps, _tiny_lines, _lists])
def test_a_file_that_stands_for_much_is_read_in_bounded_memory(tmp_path: Path, written: object) -> None:
    file = tmp_path / "events.file"
    assert callable(written)
    expected = written(file)
    read = subprocess.run([sys.executable, "-c", READER, str(file)], capture_output=True, text=True, check=True)
    count, memory_mb = map(int, read.stdout.split())
    assert count == expected
    assert memory_mb < MEMORY_MB_MAX
