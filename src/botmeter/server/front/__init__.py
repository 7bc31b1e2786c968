"""Asynchronous front before Django."""
