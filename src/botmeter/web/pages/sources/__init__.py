"""Admin → Sources: what sends an account's events, how it is let in, and how it is read."""
