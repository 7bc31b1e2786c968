"""Plans, grants, rating, statements and forecasts: what sessions cost."""
