-- name: checkpoint
-- Changes: moves all commits from DuckDB's log into the file.
CHECKPOINT

-- name: set_checkpoint_threshold
-- Takes: ?, a size in DuckDB's format. Changes: DuckDB checkpoints by itself when the log has that size.
SET checkpoint_threshold = ?

-- name: keep_log_on_close
-- Changes: closing the connected file does not move its write-ahead log into it.
PRAGMA disable_checkpoint_on_shutdown

-- name: memory_limit
-- Gives: DuckDB's memory limit in bytes, one row.
SELECT parse_formatted_bytes(current_setting('memory_limit'))::BIGINT

-- name: set_memory_limit
-- Takes: $limit, with a unit. Changes: DuckDB's memory limit of the file.
SET memory_limit = $limit

-- name: keep_footers
-- Changes: DuckDB keeps the footers of Parquet files that it has read.
SET GLOBAL parquet_metadata_cache = true

-- name: buffer_bytes
-- Reads: the memory of this file's DuckDB. Takes: nothing.
-- Gives: one row, its bytes.
SELECT coalesce(sum(memory_usage_bytes), 0)::BIGINT AS buffer_bytes FROM duckdb_memory()
