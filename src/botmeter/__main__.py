"""Entry point of `python -m botmeter` and of the command `botmeter`."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while loading prints no trace."""
    try:
        from botmeter.cli.main import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
