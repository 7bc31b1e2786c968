"""Events that arrive while people talk: queue, group commit, settling, scheduled pulls."""
