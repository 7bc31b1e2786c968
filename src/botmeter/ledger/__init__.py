"""Durable record of an account in one DuckDB file: events, sessions, usage. Each module's SQL is beside it."""
