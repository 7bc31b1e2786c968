-- name: keep_log
-- Changes: closing the connected file does not move its write-ahead log into it.
PRAGMA disable_checkpoint_on_shutdown
