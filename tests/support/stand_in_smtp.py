"""Mail server that greets, offers plain sign-in, and refuses or accepts it and all mail."""

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from queue import SimpleQueue


class Mailbox:
    """Port of a mail server, and what it took."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._mails: SimpleQueue[bytes] = SimpleQueue()

    def put(self, content: bytes) -> None:
        self._mails.put(content)

    def next_text(self, *, to: str) -> str:
        """Plain text of the oldest mail to an address that was not asked for; waits for one, and drops others."""
        while True:
            message = email.message_from_bytes(self._mails.get(timeout=30), policy=default)
            assert isinstance(message, EmailMessage)
            if to in message["To"]:
                break
        text = message.get_body(("plain",))
        assert isinstance(text, EmailMessage)
        return str(text.get_content())


@contextmanager
def mail_server(*, accepts: bool = True) -> Iterator[Mailbox]:
    """Run a mail server without encryption; `accepts` any password, or refuses it."""

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 mail.example\r\n")
            for line in self.rfile:
                match line[:4].upper():
                    case b"EHLO":
                        self.wfile.write(b"250-mail.example\r\n250 AUTH PLAIN\r\n")
                    case b"AUTH":
                        self.wfile.write(b"235 ok\r\n" if accepts else b"535 no\r\n")
                    case b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        mailbox.put(b"".join(iter(self.rfile.readline, b".\r\n")))
                        self.wfile.write(b"250 ok\r\n")
                    case b"QUIT":
                        self.wfile.write(b"221 bye\r\n")
                    case _:
                        self.wfile.write(b"250 ok\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        mailbox = Mailbox(server.server_address[1])
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield mailbox
        finally:
            server.shutdown()
