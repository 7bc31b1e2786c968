"""Suggested mappings of foreign files."""
