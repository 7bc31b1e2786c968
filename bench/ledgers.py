"""Filled ledgers, made once with `botmeter import` and kept in `bench/.cache`."""

import shutil
from hashlib import sha256
from pathlib import Path

from bench.importing import ACCOUNT, imported
from bench.traffic import CACHE, Traffic
from botmeter.ledger.statements import statements_in


def filled(traffic: Traffic) -> Path:
    """Data folder whose account `bench` holds `traffic`; made anew when the schema changed."""
    tables = sha256("\n".join(statements_in("botmeter.ledger", "schema.sql").values()).encode()).hexdigest()[:8]
    folder = CACHE / f"ledger-{traffic.name}-{tables}"
    if folder.exists():
        return folder
    for outdated in CACHE.glob(f"ledger-{traffic.name}-*"):
        shutil.rmtree(outdated)
    draft = folder.with_suffix(".draft")
    imported(traffic.parquet(), folder=draft)
    draft.rename(folder)
    return folder


def copied(folder: Path, name: str) -> Path:
    """Copy of a filled folder, to write to."""
    scratch = CACHE / name
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / "accounts").mkdir(parents=True)
    file = f"accounts/{ACCOUNT}.duckdb"
    shutil.copyfile(folder / file, scratch / file)
    return scratch
