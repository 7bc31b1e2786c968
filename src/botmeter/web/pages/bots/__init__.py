"""My Bots."""
