"""The HTTP API for programs with a key: each route checks the request, calls, and answers."""
