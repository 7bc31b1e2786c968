"""`python -m bench [a b c d e f g] [--quick]`: measures, and prints a line for each promise.

It ends with 0 whatever it measured; only a crash is a failure.
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
}
QUICK = 0.1


def main() -> None:
    """Reads the arguments, measures what they name, prints as it goes."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures what Botmeter promises.")
    parser.add_argument("parts", nargs="*", metavar="a … g", help=", ".join(map(": ".join, PARTS.items())))
    parser.add_argument("--quick", action="store_true", help="at a tenth of the size that the promises are for")
    asked = parser.parse_args()
    unknown = sorted(set(asked.parts) - PARTS.keys())
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    for line in machine_lines():
        print(line)
    print(f"size      {'a tenth' if asked.quick else 'full'}; one run each, in a process of its own\n")
    # Once compiled, the kernel is kept on disk: from here on no child waits for the compiler.
    compile_kernel()
    for part in asked.parts or PARTS:
        for figure in import_module(f"bench.{PARTS[part]}").figures(QUICK if asked.quick else 1.0):
            print(figure, flush=True)


if __name__ == "__main__":
    main()
