"""The HTTP API for programs with an API key."""
