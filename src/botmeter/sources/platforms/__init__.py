"""Connectors of the platforms, a package each."""
