"""How the running server is watched: what it counts, what it writes down, whether it can answer."""
