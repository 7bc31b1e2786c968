"""nginx and Caddy as children of the tests, with the files of the guide, on loopback with TLS."""

import getpass
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "behind-a-proxy.md"
HINT = "{} is not installed: apt-get install {}."
_UP_SECONDS_MAX = 60
_NGINX = """
daemon off;
{user}
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {server}
}}
"""
# Caddy listens for no commands and gets no certificate.
_CADDY_OPTIONS = "admin off\n\tauto_https off"

Name = Literal["nginx", "caddy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Proxy, and path under which it serves."""

    proxy: Name
    path: str


NGINX = {
    "nginx on a host": Site(proxy="nginx", path=""),
    "nginx under a path": Site(proxy="nginx", path="/meter"),
}
SITES = {**NGINX, "Caddy under a path": Site(proxy="caddy", path="/meter")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Self-signed certificate of localhost."""

    file: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """TLS context that trusts this certificate alone."""
        return ssl.create_default_context(cafile=str(self.file))


def is_installed(name: Name) -> bool:
    return shutil.which(name) is not None or Path("/usr/sbin", name).exists()


def files_of_guide(language: Name) -> list[str]:
    """The files for a host of its own, and for a path."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def new_certificate(folder: Path) -> Certificate:
    certificate = Certificate(file=folder / "localhost.pem", key=folder / "localhost.key")
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    name = ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-out", str(certificate.file), "-keyout", str(certificate.key)]
    subprocess.run([*request, *name, *files], check=True, capture_output=True)
    return certificate


@contextmanager
def nginx(server: str, *, folder: Path, certificate: Certificate, port: int, upstream: int) -> Iterator[None]:
    """Run nginx with the guide's `server` block until the `with` ends."""
    for pattern, text in (
        (r"listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;"),
        (r"server_name \S+;", "server_name localhost;"),
        (r"ssl_certificate \S+;", f"ssl_certificate {certificate.file};"),
        (r"ssl_certificate_key \S+;", f"ssl_certificate_key {certificate.key};"),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{upstream}"),
    ):
        server, count = re.subn(pattern, text, server)
        assert count == 1, pattern
    # As the superuser, its workers would be somebody who can't read the folder of the tests.
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_NGINX.format(user=user, server=server), encoding="utf-8")
    command = [shutil.which("nginx") or "/usr/sbin/nginx", "-p", f"{folder}/", "-c", "nginx.conf", "-e", "stderr"]
    with _running(command, folder=folder, port=port):
        yield


@contextmanager
def caddy(site: str, *, folder: Path, certificate: Certificate, port: int, upstream: int) -> Iterator[None]:
    """Run Caddy with the guide's file until the `with` ends."""
    site, count = re.subn("auto_https disable_redirects", _CADDY_OPTIONS, site)
    assert count == 1
    name = re.findall(r"^(\S+) {$", site, re.MULTILINE)[0]
    tls = f"\n\tbind 127.0.0.1\n\ttls {certificate.file} {certificate.key}\n"
    site = site.replace(f"{name} {{\n", f"https://localhost:{port} {{{tls}", 1).replace(":8000", f":{upstream}")
    (folder / "Caddyfile").write_text(site, encoding="utf-8")
    command = ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with _running(command, folder=folder, port=port):
        yield


PROXIES = {"nginx": nginx, "caddy": caddy}


@contextmanager
def _running(command: list[str], *, folder: Path, port: int) -> Iterator[None]:
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "proxy.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)
        try:
            _wait_listening(process, port=port, log=folder / "proxy.log")
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def _wait_listening(process: "subprocess.Popen[bytes]", *, port: int, log: Path) -> None:
    end = time.monotonic() + _UP_SECONDS_MAX
    while process.poll() is None and time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"The proxy did not start: {log.read_text(encoding='utf-8')}")
