"""Admin → Quarantine."""
