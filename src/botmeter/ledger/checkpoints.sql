-- name: set_checkpoint_threshold
-- Takes: ?, a size in DuckDB's format. Changes: DuckDB checkpoints by itself when the log has that size.
SET checkpoint_threshold = ?

-- name: checkpoint
-- Changes: moves all commits from DuckDB's log into the file.
CHECKPOINT
