"""Command line. Commands call one function of another package and print its result.

Results go to stdout, messages to stderr. Heavy packages are imported late, so that `--help` is quick.
"""
