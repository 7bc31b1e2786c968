"""The session usage report."""
