-- Reads: restart. Takes: nothing. Gives: the earliest restart, µs UTC, one row.
SELECT min(restart_at)::BIGINT FROM restart
