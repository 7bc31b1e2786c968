"""Files in buckets: their names by a pattern, their sizes, and their content in blocks."""

import io
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botmeter.domain.errors import Missing
from botmeter.outgoing.buckets import IN_BUCKET, bucket_failed, file_system_of, path_in_bucket

if TYPE_CHECKING:
    from pyarrow import fs

BLOCK_BYTES: Final = 4 << 20
"""Least read of a file: at 50 MB/s it takes about as long as the request for it."""
_BLOCKS_KEPT: Final = 4
_WILD: Final = re.compile(r"\*\*/|\*\*|\*|\?")
_WILD_PATTERNS: Final = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """Size and time of change, in ns since 1970, of a file in a bucket."""

    size_bytes: int
    changed_ns: int


def stored_files(addresses: Sequence[str]) -> dict[str, StoredFile]:
    """Look files up, by address, without missing ones.

    Raises:
        Unavailable: `bucket_failed`.
    """
    found: dict[str, list[str]] = {}
    for address in addresses:
        found.setdefault(path_in_bucket(address).partition("/")[0], []).append(address)
    stored: dict[str, StoredFile] = {}
    for own in found.values():
        try:
            infos = file_system_of(own[0]).get_file_info([path_in_bucket(address) for address in own])
        except OSError as problem:
            raise bucket_failed(own[0], problem) from problem
        stored |= {address: _stored(info) for address, info in zip(own, infos, strict=True) if info.is_file}
    return stored


def matching_files(pattern: str) -> list[str]:
    """Addresses of the files that a pattern names, in order: `*` and `?` within a folder, `**` across folders.

    Raises:
        Missing: `file_missing`.
        Unavailable: `bucket_failed`.
    """
    from pyarrow import fs

    path = path_in_bucket(pattern)
    wild = _WILD.search(path)
    if wild is None:
        return [pattern]
    folder = path[: wild.start()].rpartition("/")[0]
    rest = path.removeprefix(f"{folder}/")
    selector = fs.FileSelector(folder, recursive="/" in rest or "**" in rest, allow_not_found=True)
    names = re.compile(_pattern_of(path))
    try:
        infos = file_system_of(pattern).get_file_info(selector) if folder else []
    except OSError as problem:
        raise bucket_failed(pattern, problem) from problem
    found = sorted(f"{IN_BUCKET}{info.path}" for info in infos if info.is_file and names.fullmatch(info.path))
    if not found:
        raise Missing("file_missing", f"No file is named as {pattern}.")
    return found


class BucketFile(io.RawIOBase):
    """File in a bucket, open for reading in blocks.

    Raises:
        FileNotFoundError: It is missing.
        Unavailable: `bucket_failed`, by each read, too.
    """

    def __init__(self, address: str) -> None:
        self._address, self._position = address, 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        try:
            self._file = file_system_of(address).open_input_file(path_in_bucket(address))
        except FileNotFoundError:
            raise
        except OSError as problem:
            raise bucket_failed(address, problem) from problem
        self.size_bytes = int(self._file.size())

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size_bytes}
        self._position = starts[whence] + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, view: Any) -> int:
        wanted = min(len(view), max(self.size_bytes - self._position, 0))
        pieces = self._read(self._position, wanted)
        view[: len(pieces)] = pieces
        self._position += len(pieces)
        return len(pieces)

    def read(self, size: int = -1, /) -> bytes:
        left = max(self.size_bytes - self._position, 0)
        piece = self._read(self._position, left if size < 0 else min(size, left))
        self._position += len(piece)
        return piece

    def _read(self, start: int, count: int) -> bytes:
        if count >= BLOCK_BYTES:
            return self._stored(start, count)
        first, last = start // BLOCK_BYTES, max(start + count - 1, start) // BLOCK_BYTES
        blocks = b"".join(self._block(number) for number in range(first, last + 1))
        offset = start - first * BLOCK_BYTES
        return blocks[offset : offset + count]

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self._blocks[number] = self._stored(number * BLOCK_BYTES, BLOCK_BYTES)
            while len(self._blocks) > _BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _stored(self, start: int, count: int) -> bytes:
        try:
            return bytes(self._file.read_at(count, start))
        except OSError as problem:
            raise bucket_failed(self._address, problem) from problem


def _stored(info: "fs.FileInfo") -> StoredFile:
    return StoredFile(size_bytes=int(info.size), changed_ns=int(info.mtime_ns or 0))


def _pattern_of(path: str) -> str:
    pattern, end = "", 0
    for wild in _WILD.finditer(path):
        pattern += re.escape(path[end : wild.start()]) + _WILD_PATTERNS[wild[0]]
        end = wild.end()
    return pattern + re.escape(path[end:])
