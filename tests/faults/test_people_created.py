"""User databases that several processes create at once."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.faults

_OPEN = """
import pathlib
from botmeter.people.database import open_people
open_people(pathlib.Path({data!r}), django_settings="botmeter.web.settings")
from botmeter.people.models import User
User.objects.create(email="{name}@example.org")
"""


def test_processes_that_create_the_database_at_once_all_succeed(tmp_path: Path) -> None:
    names = ("ada", "bea", "cleo", "dora")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _OPEN.format(data=str(tmp_path), name=name)], stderr=subprocess.PIPE, text=True
        )
        for name in names
    ]
    assert [(process.communicate(timeout=120)[1], process.returncode) for process in processes] == [("", 0)] * 4
