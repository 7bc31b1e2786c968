"""The command line. Commands read what was asked, call one function below, and show what it gives.

Data goes to stdout, talk to stderr. `main` puts the commands together and is the one place where an
error becomes a sentence and an exit code; `options` has every option once; `terminal`, `bars` and
`pages` turn numbers into text. Heavy imports stand inside the commands, so that `--help` is quick.
"""
