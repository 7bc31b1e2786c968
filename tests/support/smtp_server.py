"""A mail server on loopback that answers as a test wants it to."""

import asyncio
import email
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP

_WAIT_SECONDS = 60


@dataclass
class SmtpServer:
    """Answers by step; an empty one accepts.

    Attributes:
        hangs_at: Step after which it says nothing more, as a server that is too slow does.
        closes_after_data: Close the connection instead of the answer to the message, which it keeps.
    """

    port: int = 0
    recipient_answer: str = ""
    data_answer: str = ""
    sender_answer: str = ""
    hangs_at: str = ""
    closes_after_data: bool = False
    mails: list[EmailMessage] = field(default_factory=list)

    def mail_about(self, text: str) -> EmailMessage:
        """Wait for an email with a text in its subject; a server sends others, too."""
        ends_at = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < ends_at:
            for mail in self.mails:
                if text in str(mail["Subject"]):
                    return mail
            time.sleep(0.1)
        raise AssertionError(f"No email about {text!r} arrived: {[str(mail['Subject']) for mail in self.mails]}.")

    # Named by aiosmtpd, which passes the server, the session, the envelope, and an address with its options.
    async def handle_MAIL(self, *step: Any) -> str:  # noqa: N802
        await self._hang("MAIL")
        step[2].mail_from = step[3]
        return self.sender_answer or "250 OK"

    async def handle_RCPT(self, *step: Any) -> str:  # noqa: N802
        await self._hang("RCPT")
        if not self.recipient_answer:
            step[2].rcpt_tos.append(step[3])
        return self.recipient_answer or "250 OK"

    async def handle_DATA(self, *step: Any) -> str:  # noqa: N802
        server, _, envelope = step
        if not self.data_answer:
            message = email.message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            self.mails.append(message)
        await self._hang("DATA")
        if self.closes_after_data:
            server.transport.close()
        return self.data_answer or "250 OK"

    async def _hang(self, step: str) -> None:
        if self.hangs_at == step:
            await asyncio.Event().wait()


@contextmanager
def smtp_server() -> Iterator[SmtpServer]:
    """Run a mail server in a thread of its own."""
    box, loop = SmtpServer(), asyncio.new_event_loop()
    # All in the thread: the one of a test with a browser has a loop of its own.
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    begun = loop.create_server(lambda: SMTP(box, loop=loop, hostname="mail.example"), "127.0.0.1", 0)
    listening = asyncio.run_coroutine_threadsafe(begun, loop).result()
    box.port = listening.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        asyncio.run_coroutine_threadsafe(_ended(listening), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(listening: asyncio.Server) -> None:
    listening.close()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.sleep(0)
