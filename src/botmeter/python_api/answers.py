"""Answers as streams of bytes, and as Arrow batches."""

import io
from collections.abc import Generator
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.ipc

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# A batch is read in few pieces.
_BUFFER_BYTES = 1 << 20


class AnswerOfThisProcess(io.RawIOBase):
    """Bytes of a generator."""

    def __init__(self, chunks: Generator[bytes, None, None]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")
        # One chunk ahead: who reads the last one has released the ledger. And a generator that never began would not
        # release what it holds.
        self._next = next(chunks)

    @classmethod
    def opened(cls, chunks: Generator[bytes, None, None]) -> io.BufferedReader:
        """Compute the first bytes, and raise a refusal."""
        return io.BufferedReader(cls(chunks), _BUFFER_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        if not self._rest:
            self._rest, self._next = memoryview(self._next), next(self._chunks, b"")
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(self._rest))
        view[:count], self._rest = self._rest[:count], self._rest[count:]
        return count

    def close(self) -> None:
        super().close()
        self._chunks.close()


class SessionReader(pa.ipc.RecordBatchStreamReader):  # type: ignore[misc] # pyarrow ships no types
    """Record batches of an answer, which it closes, unlike pyarrow's own reader."""

    def __init__(self, answer: io.BufferedReader) -> None:
        self._answer = answer
        super().__init__(answer)

    def close(self) -> None:
        super().close()
        self._answer.close()

    def __exit__(self, *_: object) -> None:
        self.close()
