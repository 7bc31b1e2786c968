"""The HTTP API: the read routes of the contract, for programs with a key. Thin: read the ask, call, answer."""
