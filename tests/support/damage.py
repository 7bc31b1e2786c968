"""Damage to the files of a closed ledger."""

from pathlib import Path

COMPRESSED_IDS = b"\x28\xb5\x2f\xfd"
"""Begin of ids as Zstandard compresses them (RFC 8878)."""
_DAMAGE = b"\xaa" * 64


def damage_block(file: Path, *, holding: bytes) -> None:
    """Overwrite the last place in the file with this content, as a failing disk would; the file still opens."""
    content = bytearray(file.read_bytes())
    start = content.rindex(holding)
    content[start : start + len(_DAMAGE)] = _DAMAGE
    file.write_bytes(content)


def damage_blocks(file: Path, *, holding: bytes) -> None:
    """Overwrite all places in the file with this content; there is one at least."""
    content = file.read_bytes()
    assert holding in content
    file.write_bytes(content.replace(holding, _DAMAGE[: len(holding)]))
