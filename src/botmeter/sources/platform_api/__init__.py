"""Calls to the APIs of platforms."""
