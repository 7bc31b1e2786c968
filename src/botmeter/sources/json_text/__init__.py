"""JSON text cut into records and columns."""
