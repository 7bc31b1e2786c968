"""Text files in other encodings → streams of UTF-8. Invalid bytes refuse the file."""

import codecs
import io
from typing import Final

from botmeter.domain.errors import Refused
from botmeter.sources.stream import ByteStream

ZIP_MAGIC: Final = b"PK\x03\x04"
PARQUET_MAGIC: Final = b"PAR1"
_MARK_OF_UTF8: Final = codecs.BOM_UTF8
_MARKS_OF_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MARKS_OF_UTF32: Final = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_PIECE_BYTES: Final = 1 << 20


def utf8_stream(stream: ByteStream, *, encoding: str | None) -> ByteStream:
    """Convert a text file to UTF-8; Parquet files and ZIP archives stay.

    Raises:
        Refused: `text_invalid`, now or while it is read.
    """
    start = stream.peek(4)
    if start.startswith((ZIP_MAGIC, PARQUET_MAGIC)):
        return stream
    name = None if encoding is None else codecs.lookup(encoding).name.removesuffix("-sig")
    if start.startswith(_MARK_OF_UTF8):
        if name not in (None, "utf-8"):
            raise Refused(
                "text_invalid", f"{stream.name} begins with the mark of UTF-8, but its encoding is given as {encoding}."
            )
        return stream
    if name is None and start.startswith(_MARKS_OF_UTF32):
        raise Refused("text_invalid", f"{stream.name} is in UTF-32. Name its encoding: utf-32.")
    if name is None and start.startswith(_MARKS_OF_UTF16):
        name = "utf-16"
    # Without a mark Python reads these in the byte order of the machine.
    if name in ("utf-16", "utf-32") and not start.startswith((*_MARKS_OF_UTF16, *_MARKS_OF_UTF32)):
        raise Refused(
            "text_invalid", f"{stream.name} has no byte order mark. Name its encoding as {name}-le or {name}-be."
        )
    return stream if name in (None, "utf-8") else _Utf8Stream(stream, encoding=encoding or name)


class _Utf8Stream(ByteStream):
    def __init__(self, stream: ByteStream, *, encoding: str) -> None:
        self._source = stream
        self.size_bytes = stream.size_bytes
        self.is_packed = stream.is_packed
        io.BufferedReader.__init__(self, _Utf8File(stream, encoding=encoding), _PIECE_BYTES)

    @property
    def stored_bytes(self) -> int:
        return self._source.stored_bytes

    def close(self) -> None:
        io.BufferedReader.close(self)

    def checked_end(self) -> None:
        self._source.checked_end()


class _Utf8File(io.RawIOBase):
    def __init__(self, stream: ByteStream, *, encoding: str) -> None:
        self.name = stream.name
        self._stream = stream
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._left = b""
        self._line = 1
        self._is_start = True

    def readable(self) -> bool:
        return True

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        end = 0
        while end < len(view) and (self._left or self._read()):
            piece, self._left = self._left[: len(view) - end], self._left[len(view) - end :]
            view[end : end + len(piece)] = piece
            end += len(piece)
        return end

    def _read(self) -> bool:
        while not self._left:
            piece = self._stream.read(_PIECE_BYTES)
            try:
                text = self._decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as fault:
                raise self._invalid(fault) from None
            if self._is_start and text:
                text, self._is_start = text.removeprefix("\ufeff"), False
            self._left = text.encode()
            self._line += self._left.count(b"\n")
            if not piece:
                break
        return bool(self._left)

    def _invalid(self, fault: UnicodeDecodeError) -> Refused:
        before = bytes(fault.object[: fault.start]).decode(self._encoding, "ignore")
        sent = bytes(fault.object[fault.start : fault.end])[:4].hex(" ")
        line = self._line + before.count("\n")
        return Refused("text_invalid", f"Line {line} of {self.name} has bytes ({sent}) that are not {self._encoding}.")
