"""Server process."""
