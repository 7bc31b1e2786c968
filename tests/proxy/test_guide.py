"""The guide's files as they are, read by the programs that they are for."""

import subprocess
from pathlib import Path

import pytest

from support.proxies import files_of_guide

from .conftest import require


@pytest.mark.parametrize("number", [0, 1])
def test_caddy_reads_the_guide_s_file(number: int, tmp_path: Path) -> None:
    require("caddy")
    (tmp_path / "Caddyfile").write_text(files_of_guide("caddy")[number], encoding="utf-8")
    command = ["caddy", "adapt", "--pretty", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")]
    read = subprocess.run(command, capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
    assert "warn" not in read.stderr.lower()
    assert "127.0.0.1:8000" in read.stdout
    assert '"disable_redirects": true' in read.stdout
