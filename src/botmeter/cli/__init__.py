"""Command line. Heavy packages are imported late, so that `--help` is quick."""
