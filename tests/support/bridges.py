"""Bridges to applications of tests, with a spool in the temporary folder."""

import tempfile
from pathlib import Path
from typing import Any

from botmeter.server.front.bridge import Bridge
from botmeter.server.front.sending import SEND_LIMITS, SendLimits
from botmeter.server.front.spool import Spool


def bridge_of(application: Any, *, threads: int = 1, limits: SendLimits = SEND_LIMITS) -> Bridge:
    return Bridge(application, spool=Spool(Path(tempfile.gettempdir())), threads=threads, limits=limits)
