"""Policies by name or in files."""

from pathlib import Path
from typing import BinaryIO

from botmeter.metering.policy import Policy
from botmeter.metering.policy_text import policy_from_text
from botmeter.metering.preset import preset
from botmeter.sources.definition_file import definition_file


def policy_named(text: str, *, cwd: Path | None = None, stdin: BinaryIO | None = None) -> Policy:
    """Preset of that name, or policy in that file; in `stdin` for `-`.

    Raises:
        Missing: `policy_unknown`, `policy_file_missing`.
        Refused: `policy_file_unreadable`, `policy_invalid`.
    """
    file = definition_file(text, noun="policy", cwd=cwd, stdin=stdin)
    return preset(text).policy if file is None else policy_from_text(file.text, name_hint=file.name_hint)
