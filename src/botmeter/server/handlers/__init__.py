"""Handlers of the requests that bring events."""
