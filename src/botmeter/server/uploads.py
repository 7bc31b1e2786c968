"""Uploaded files, written to disk while received."""

import asyncio
import io
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from botmeter.domain.errors import BotmeterError, Missing, Refused
from botmeter.live.uploads import Upload, UploadDraft, Uploads
from botmeter.server.front.body import BodyLimits
from botmeter.server.front.request import Request
from botmeter.web.upload_tickets import RECEIVED_KEY, Uploader, is_upload, uploader

LIMITS: Final = BodyLimits(bytes_max=0, idle_seconds=60.0, total_seconds=6 * 3600.0)
"""Of time: 1 GiB at 50 KB/s."""
_ENDED: Final = frozenset({"body_incomplete", "body_too_slow"})
"""Codes of bodies of which no more is to be expected."""
_PIECE_BYTES: Final = 1 << 18
_DISCARDED_BYTES_MAX: Final = 4 << 30
_DISCARDED_SECONDS: Final = 300.0


class FileReceiver:
    """`UploadReceiver` of the front."""

    def __init__(self, uploads: Uploads, *, limits: BodyLimits = LIMITS) -> None:
        self._uploads = uploads
        self._limits = limits

    async def __call__(self, request: Request) -> bool:
        if not is_upload(request.path):
            return False
        try:
            sender = await asyncio.to_thread(uploader, request.path, request.headers)
        except BotmeterError as problem:
            request.notes[RECEIVED_KEY] = problem
            if not isinstance(problem, Missing):
                await self._discard_body(request)
            return True
        body = _Body(request, asyncio.get_running_loop(), limits=self._limits)
        try:
            upload = await _in_thread(partial(self._received, body, sender))
        except BotmeterError as problem:
            request.notes[RECEIVED_KEY] = problem
            if problem.code not in _ENDED:
                await self._discard_body(request)
        else:
            request.notes[RECEIVED_KEY] = upload
        return True

    async def _discard_body(self, request: Request) -> None:
        # A browser that is still sending when the connection ends shows no answer.
        await request.discard_body(bytes_max=_DISCARDED_BYTES_MAX, within_seconds=_DISCARDED_SECONDS)

    def _received(self, body: "_Body", sender: Uploader) -> Upload:
        announced_bytes = body.request.announced_bytes
        if announced_bytes is None:
            raise Refused("upload_invalid", "The size of the upload is unknown; send it with a Content-Length.")
        receiving = self._uploads.receiving
        with receiving(sender.account, announced_bytes=announced_bytes, purpose=sender.purpose) as draft:
            handler = _FileWriter(draft)
            meta = {
                "CONTENT_TYPE": body.request.headers.get("content-type", ""),
                "CONTENT_LENGTH": str(announced_bytes),
            }
            try:
                MultiPartParser(meta, body, [handler]).parse()
            except MultiPartParserError:
                raise Refused("upload_invalid", "The upload is not a form with a file.") from None
            if not handler.is_complete:
                raise Refused("upload_missing", "No file was chosen, or the chosen file is empty.")
            return self._uploads.keep(
                sender.account, draft, file_name=handler.name, by=sender.email, purpose=sender.purpose
            )


class _FileWriter(FileUploadHandler):
    def __init__(self, draft: UploadDraft) -> None:
        super().__init__()
        self.name = ""
        self.is_complete = False
        self._draft = draft

    def new_file(self, field_name: str, file_name: str, *others: Any, **more: Any) -> None:
        super().new_file(field_name, file_name, *others, **more)
        if self.name:
            raise SkipFile
        self.name = file_name

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 - Django's
        self._draft.write(raw_data)

    def file_complete(self, file_size: int) -> None:
        self.is_complete = file_size > 0


class _Body(io.RawIOBase):
    def __init__(self, request: Request, loop: asyncio.AbstractEventLoop, *, limits: BodyLimits) -> None:
        super().__init__()
        self.request = request
        self.loop = loop
        self._limits = limits
        self._end = loop.time() + limits.total_seconds
        self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = None, /) -> bytes:
        if not self._left:
            pieces = self.request.next_pieces(self._limits, end=self._end, bytes_max=_PIECE_BYTES)
            self._left = asyncio.run_coroutine_threadsafe(pieces, self.loop).result()
        count = len(self._left) if size is None or size < 0 else size
        data, self._left = self._left[:count], self._left[count:]
        return data


async def _in_thread(work: Callable[[], Upload]) -> Upload:
    """Do work that waits for a client, in a thread that the server's end doesn't wait for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Upload] = loop.create_future()

    def finish(upload: Upload | None, problem: Exception | None) -> None:
        if done.cancelled():
            return
        if upload is not None:
            done.set_result(upload)
        else:
            done.set_exception(problem or RuntimeError("no upload"))

    def run() -> None:
        result: tuple[Upload | None, Exception | None]
        try:
            result = (work(), None)
        except Exception as problem:  # noqa: BLE001 - raised by the future
            result = (None, problem)
        # The loop is closed when the server stops.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(finish, *result)

    threading.Thread(target=run, name="upload", daemon=True).start()
    return await done
