"""Mail server that greets, offers plain sign-in, and refuses or accepts it."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def mail_server(*, accepts: bool = True) -> Iterator[int]:
    """Port of a mail server without encryption; `accepts` any password, or refuses it."""

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 mail.example\r\n")
            for line in self.rfile:
                command = line[:4].upper()
                if command == b"EHLO":
                    self.wfile.write(b"250-mail.example\r\n250 AUTH PLAIN\r\n")
                elif command == b"AUTH":
                    self.wfile.write(b"235 ok\r\n" if accepts else b"535 no\r\n")
                else:
                    self.wfile.write(b"221 bye\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
