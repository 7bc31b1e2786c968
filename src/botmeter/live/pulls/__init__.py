"""Scheduled and manual pulls from the APIs of platforms."""
