"""Session usage report."""
