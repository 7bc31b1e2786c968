"""Alerts: what they watch, and which of their levels are crossed. No Django, no clock."""
