"""Text and numbers of times → µs UTC."""
