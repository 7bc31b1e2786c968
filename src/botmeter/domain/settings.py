"""Settings of the program, read from the environment once; the only place that knows the names of variables."""

import os
from collections.abc import Mapping
from pathlib import Path


def default_data_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Default data folder, by the XDG base directory convention."""
    home = Path(environment["HOME"]) if environment.get("HOME") else Path.home()
    return Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "botmeter"
