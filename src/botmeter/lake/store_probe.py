"""Probe of a bucket's store: does it refuse a file that another writer was first with, on which all commits rest?"""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from botmeter.domain.errors import Refused, Unavailable
from botmeter.lake.delta import Creation, created_by_several
from botmeter.lake.root import LakeRoot, file_system, path_in, storage_refused

_ROUNDS_MAX: Final = 20
_WRITERS: Final = 4
# What a store answers that knows of conditional writes and has none.
_NOT_IMPLEMENTED: Final = "NotImplemented"


def refuse_unsafe_store(root: LakeRoot) -> None:
    """Refuse a bucket whose store ignores conditional writes; a folder is not tried.

    Raises:
        Refused: `lake_store_unsafe`.
        Unavailable: `lake_storage_failed`.
    """
    if root.is_bucket and not _is_safe(root):
        raise Refused(
            "lake_store_unsafe",
            f"The store of {root.uri} ignores conditional writes (If-None-Match), so that of two runs at once both "
            "would count. Keep the lake in a store that obeys them, or in a folder.",
        )


def _is_safe(root: LakeRoot) -> bool:
    for _ in range(_ROUNDS_MAX):
        outcomes = _race(root)
        if outcomes.count(Creation.DONE) > 1:
            return False
        # Who sees the file beforehand does not try to write it.
        if Creation.REFUSED in outcomes:
            return True
    raise Unavailable(
        "lake_storage_failed", f"No two writers met in {root.uri}, so its store could not be tried. Run it again."
    )


def _race(root: LakeRoot) -> Sequence[Creation]:
    name = f"_probe/{uuid.uuid4().hex}"
    try:
        with storage_refused(root), ThreadPoolExecutor(_WRITERS) as writers:
            return list(writers.map(lambda _: created_by_several(root, name), range(_WRITERS)))
    except Unavailable as problem:
        if _NOT_IMPLEMENTED in str(problem.__cause__):
            return [Creation.DONE] * _WRITERS
        raise
    finally:
        with suppress(OSError):
            file_system(root).delete_dir(path_in(root.uri_of(name)))
