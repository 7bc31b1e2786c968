"""`python -m bench.dated COMMAND…`: the program, with its clock set back by the variable `BENCH_SECONDS_BACK`.

Generated traffic ends on a fixed day; the open cycle is the one of that day. The server's processes import this module
too, before all others.
"""

import os
from datetime import datetime, timedelta

from botmeter.domain import instant

_BACK = timedelta(seconds=int(os.environ["BENCH_SECONDS_BACK"]))
_present = instant.present


def past() -> datetime:
    """Present instant, set back."""
    return _present() - _BACK


instant.present = past

if __name__ == "__main__":
    from botmeter.cli.main import main

    main()
