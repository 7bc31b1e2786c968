"""Frozen values, their checks, and the error tree; imports the standard library only."""
