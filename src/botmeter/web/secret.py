"""Keys that sign cookies and links, readable by the data folder's owner only."""

import secrets
from contextlib import suppress
from pathlib import Path

from botmeter.domain.durable_files import durable_file, private_folder
from botmeter.domain.errors import Missing

_FILE = "secret.key"


def secret_keys(folder: Path) -> list[str]:
    """Data folder's keys: the present one, created if needed, and earlier ones.

    Raises:
        Missing: `secret_key_missing` if the file holds none.
    """
    file = private_folder(folder) / _FILE
    if not file.exists():
        # Of two processes that start at once, the second one reads the key of the first.
        with suppress(FileExistsError), durable_file(file, is_new=True) as opened:
            opened.write(secrets.token_urlsafe(48).encode())
    keys = [line.strip() for line in file.read_text().splitlines() if line.strip()]
    if not keys:
        raise Missing(
            "secret_key_missing",
            f"The file {file}, which holds the server's key, is empty. Restore it from a backup, or delete it: then "
            "a new key is made, everybody signs in again, and secrets of sources must be entered again.",
        )
    return keys
