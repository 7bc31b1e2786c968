"""Admin → Quarantine: refused events of all sources, retried, downloaded and discarded."""
