"""Connectors of the platforms."""
