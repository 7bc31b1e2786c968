"""The key that signs cookies and links: made at the first start, kept in the data folder for its owner alone."""

import os
import secrets
from pathlib import Path

_FILE = "secret.key"


def secret_key(folder: Path) -> str:
    """The data folder's key; made if there is none yet. BOTMETER_SECRET_KEY, if set, is taken instead."""
    given = os.environ.get("BOTMETER_SECRET_KEY")
    if given:
        return given
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / _FILE
    # Written aside and linked, so that of two processes that start at once both read the same, whole key.
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
