"""Scheduled and manual pulls from platform APIs."""
