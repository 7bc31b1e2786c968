"""Account settings, policies, keys and audit log."""
