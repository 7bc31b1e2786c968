-- name: buffer_bytes
-- Reads: the memory of this file's DuckDB. Takes: nothing.
-- Gives: one row, its bytes.
SELECT coalesce(sum(memory_usage_bytes), 0)::BIGINT AS buffer_bytes FROM duckdb_memory()
