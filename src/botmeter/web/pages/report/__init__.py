"""The session usage report: its page, its widgets one by one, and the choices of its filters."""
