"""Sources asked for what they did not deliver: the platforms' APIs over HTTP, what came of it, and when it is due."""
