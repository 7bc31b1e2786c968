"""Durable record of an account in one DuckDB file, with each module's SQL beside it."""
