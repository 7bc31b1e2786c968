"""The key that signs cookies and links, readable by the data folder's owner only."""

import os
import secrets
from pathlib import Path

_FILE = "secret.key"


def secret_key(folder: Path) -> str:
    """Return the data folder's key, creating it if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / _FILE
    # Written to a draft and linked, so that two processes starting at once read the same, complete key.
    draft = folder / f".{_FILE}.{os.getpid()}"
    if not file.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text().strip()
