"""Without the extra, a lake says what to install."""

import subprocess
import sys

import pytest

WITHOUT = """
import sys
sys.modules["deltalake"] = None
from botmeter.lake.delta import require_deltalake
from botmeter.domain.errors import Refused
try:
    require_deltalake()
except Refused as refusal:
    print(refusal.code, refusal.message)
"""


@pytest.mark.slow
def test_without_deltalake_the_extra_is_named() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("extra_missing A lake needs the package deltalake.")
    assert "pip install 'botmeter[lake]'" in done.stdout
