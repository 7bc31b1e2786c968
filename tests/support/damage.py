"""Damage to the files of a closed ledger."""

from pathlib import Path


def damage_block(file: Path, *, holding: bytes) -> None:
    """Overwrite the last place in the file with this content, as a failing disk would; the file still opens."""
    content = bytearray(file.read_bytes())
    start = content.rindex(holding)
    content[start : start + 64] = b"\xaa" * 64
    file.write_bytes(content)
