"""`python -m botmeter`, and the installed command `botmeter`."""

import sys


def main() -> None:
    """Runs the command that the program was called with; Ctrl-C while it still loads shows no trace either."""
    try:
        from botmeter.cli.main import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
