-- name: set_checkpoint_threshold
-- Takes: ?, a size as DuckDB reads it. Changes: DuckDB brings its log into the file by itself when it has that size.
SET checkpoint_threshold = ?

-- name: checkpoint
-- Changes: all that was committed is in the file itself, none of it in DuckDB's log beside it.
CHECKPOINT
