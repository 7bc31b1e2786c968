"""The session usage report: page, widgets, filter values."""
