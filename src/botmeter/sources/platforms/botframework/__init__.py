"""Microsoft Bot Framework and Copilot Studio."""
