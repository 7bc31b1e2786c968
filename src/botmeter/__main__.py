"""Entry point of `python -m botmeter` and of the command `botmeter`."""

import gc
import sys

# New containers between two searches for garbage. A command makes modules and classes, hardly any of which is garbage.
_SEARCH_AFTER = 50_000


def main() -> None:
    """Run the command line; Ctrl-C while loading prints no trace."""
    gc.set_threshold(_SEARCH_AFTER)
    try:
        from botmeter.cli.main import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
