"""`python -m botmeter` is the command `botmeter`."""

from botmeter.cli.main import main

if __name__ == "__main__":
    main()
