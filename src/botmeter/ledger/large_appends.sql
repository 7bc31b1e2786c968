-- name: memory_limit
-- Gives: DuckDB's memory limit in bytes, one row.
SELECT parse_formatted_bytes(current_setting('memory_limit'))::BIGINT

-- name: set_memory_limit
-- Takes: $limit, with a unit. Changes: DuckDB's memory limit of the file.
SET memory_limit = $limit
