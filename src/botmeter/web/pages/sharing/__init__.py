"""Saved views and share links of a report."""
