"""An S3 server on loopback in a process of its own, which ends with the process that started it.

Moto keeps the buckets. Some of them are stores of another kind, requests are counted, and one can be held, so that who
sent it is killed meanwhile.
"""

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Final

KEY: Final = "key-of-tests"
LAKES: Final = "lakes"
IGNORING: Final = "ignores-conditions"
UNABLE: Final = "knows-no-conditions"
_WAIT_SECONDS: Final = 300

Respond = Callable[..., Any]
Environ = dict[str, Any]


@dataclass(frozen=True)
class BucketServer:
    """Running server; `variables` are those that reach it."""

    address: str

    @property
    def variables(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": "secret-of-tests",
            "AWS_ENDPOINT_URL": self.address,
            # Nothing but the server is asked for credentials.
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def requests(self) -> list[str]:
        """Methods and paths of the requests since the last call."""
        return [str(each) for each in self._said("requests")]

    def hold(self, ending: str, *, is_done: bool) -> None:
        """Hold the next PUT of a key that ends so, before or after it is done."""
        self._said("hold", ending=ending, is_done=is_done)

    def wait_for_held(self) -> None:
        assert self._said("wait") is True, "No such request came."

    def release(self, *, drops: bool = False) -> None:
        """Let the held request be done, or drop it as that of a sender who is gone."""
        self._said("release", drops=drops)

    def put(self, path: str, content: bytes) -> None:
        """Store a file; `path` begins with its bucket."""
        self._said("put", path=path, content=content.decode("latin-1"))

    def _said(self, what: str, **arguments: object) -> Any:
        body = json.dumps(arguments).encode()
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=2 * _WAIT_SECONDS)
        with closing(connection):
            connection.request("POST", f"/-/{what}", body=body)
            return json.load(connection.getresponse())


@contextmanager
def bucket_server() -> Iterator[BucketServer]:
    with subprocess.Popen(
        [sys.executable, "-P", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield BucketServer(address=process.stdout.readline().strip())
        finally:
            process.stdin.close()
            process.wait(timeout=_WAIT_SECONDS)


class _Store:
    """WSGI application before moto's."""

    def __init__(self, moto: Respond) -> None:
        self._moto = moto
        self._log: list[str] = []
        # Moto looks whether there is such a file, and then writes it.
        self._conditional = threading.Lock()
        self._held: tuple[str, bool] | None = None
        self._drops = False
        self._reached, self._released = threading.Event(), threading.Event()

    def __call__(self, environ: Environ, start: Respond) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/-/"):
            return self._answer(path.removeprefix("/-/"), environ=environ, start=start)
        self._log.append(f"{environ['REQUEST_METHOD']} {path}")
        if f"Credential={KEY}/" not in environ.get("HTTP_AUTHORIZATION", ""):
            return _refused(start, "403 Forbidden", code="InvalidAccessKeyId", message="The access key does not exist.")
        bucket = path.split("/")[1]
        if bucket == UNABLE and "HTTP_IF_NONE_MATCH" in environ:
            return _refused(start, "501 Not Implemented", code="NotImplemented", message="A header is not implemented.")
        if bucket == IGNORING:
            environ.pop("HTTP_IF_NONE_MATCH", None)
        if self._held is None or environ["REQUEST_METHOD"] != "PUT" or not path.endswith(self._held[0]):
            with self._conditional if "HTTP_IF_NONE_MATCH" in environ else nullcontext():
                return self._moto(environ, start)
        (_, is_done), self._held = self._held, None
        answer = self._moto(environ, start) if is_done else None
        self._reached.set()
        self._released.wait(_WAIT_SECONDS)
        if answer is not None:
            return answer
        if self._drops:
            return _refused(start, "400 Bad Request", code="Dropped", message="The sender is gone.")
        return self._moto(environ, start)

    def _answer(self, what: str, *, environ: Environ, start: Respond) -> Iterable[bytes]:
        given = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        answer: object = None
        match what:
            case "requests":
                answer, self._log = self._log, []
            case "hold":
                self._reached.clear()
                self._released.clear()
                self._held = (given["ending"], given["is_done"])
            case "wait":
                answer = self._reached.wait(_WAIT_SECONDS)
            case "release":
                self._drops = given["drops"]
                self._released.set()
            case "put":
                _buckets().put_object(*given["path"].split("/", 1), given["content"].encode("latin-1"))
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]


def _refused(start: Respond, status: str, *, code: str, message: str) -> Iterable[bytes]:
    start(status, [("Content-Type", "application/xml")])
    return [f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()]


def _buckets() -> Any:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]


def _serve() -> None:
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        """Handler that keeps connections and writes no log."""

        protocol_version = "HTTP/1.1"

        def log(self, *_: object) -> None:
            return

    store = _Store(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, store, threaded=True, request_handler=Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]
    for bucket in (LAKES, IGNORING, UNABLE):
        _buckets().create_bucket(bucket, "us-east-1")
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with suppress(KeyboardInterrupt):
        # Until who started it closes the pipe, or ends.
        sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    _serve()
