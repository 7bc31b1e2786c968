"""The keys that sign cookies and links, readable by the data folder's owner only."""

import secrets
from contextlib import suppress
from pathlib import Path

from botmeter.domain.durable_files import durable_file, private_folder

_FILE = "secret.key"


def secret_keys(folder: Path) -> list[str]:
    """Data folder's keys: the present one, created if needed, and earlier ones."""
    file = private_folder(folder) / _FILE
    if not file.exists():
        # Of two processes that start at once, the second one reads the key of the first.
        with suppress(FileExistsError), durable_file(file, is_new=True) as opened:
            opened.write(secrets.token_urlsafe(48).encode())
    return [line.strip() for line in file.read_text().splitlines() if line.strip()]
