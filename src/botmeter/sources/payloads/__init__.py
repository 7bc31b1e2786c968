"""Payloads of platforms → events."""
