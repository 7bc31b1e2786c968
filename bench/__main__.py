"""`python -m bench [a b c d e f g h i j k l m n o p q] [--quick]`: measure, and print a line per promise.

Exits with 0 unless it crashes.
"""

import argparse
from importlib import import_module

from bench.machine import machine_lines
from bench.warmup import compile_kernel

PARTS = {
    "a": "metering",
    "b": "importing",
    "c": "reporting",
    "d": "appending",
    "e": "starting",
    "f": "pages",
    "g": "live",
    "h": "flood",
    "i": "tables",
    "j": "mapping",
    "k": "forecasting",
    "l": "rating",
    "m": "closing",
    "n": "billing",
    "o": "alerting",
    "p": "entitlement",
    "q": "lake",
}
QUICK = 0.1


def main() -> None:
    """Measure the named parts and print as it goes."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures what Botmeter promises.")
    parser.add_argument("parts", nargs="*", metavar="a … q", help=", ".join(map(": ".join, PARTS.items())))
    parser.add_argument("--quick", action="store_true", help="at a tenth of the size that the promises are for")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.parts) - PARTS.keys())
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    for line in machine_lines():
        print(line)
    print(f"size      {'a tenth' if arguments.quick else 'full'}; one run each, in a process of its own\n")
    # Once compiled, the kernel is kept on disk: from here on no child waits for the compiler.
    compile_kernel()
    for part in arguments.parts or PARTS:
        for figure in import_module(f"bench.{PARTS[part]}").figures(QUICK if arguments.quick else 1.0):
            print(figure, flush=True)


if __name__ == "__main__":
    main()
