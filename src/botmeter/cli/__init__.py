"""Command line. Commands call one function of another package and print its result.

Results go to stdout, messages to stderr. Commands import heavy packages themselves, so that `--help` is quick.
"""
