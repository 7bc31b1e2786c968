"""`python -m bench.dated SECONDS COMMAND…`: the program, with its clock set back.

Generated traffic ends on a fixed day; the open cycle is the one of that day.
"""

import sys
from datetime import datetime, timedelta

from botmeter.domain import instant


def main() -> None:
    """Run the program."""
    back, present = timedelta(seconds=int(sys.argv.pop(1))), instant.present

    def past() -> datetime:
        return present() - back

    instant.present = past
    from botmeter.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
