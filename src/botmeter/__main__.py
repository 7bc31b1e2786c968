"""Entry point of `python -m botmeter` and of the command `botmeter`."""

import atexit
import gc
import os
import sys

# New containers between two searches for garbage. A command makes modules and classes, hardly any of which is garbage.
_SEARCH_AFTER = 50_000


def main() -> None:
    """Run the command line; Ctrl-C while loading prints no trace."""
    gc.set_threshold(_SEARCH_AFTER)
    statuses: list[int] = []
    # The first to be registered is the last to be called.
    atexit.register(_end, statuses)
    try:
        from botmeter.cli.main import main as run

        run()
    except SystemExit as ending:
        if ending.code is None or isinstance(ending.code, int):
            statuses.append(ending.code or 0)
        raise
    except KeyboardInterrupt:
        sys.exit(130)


def _end(statuses: list[int]) -> None:
    # The interpreter would search everything for garbage three times and delete each module: 0.2 s of a report's 0.7.
    if not statuses:
        return
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        # The interpreter says so.
        return
    os._exit(statuses[0])


if __name__ == "__main__":
    main()
