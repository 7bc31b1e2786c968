-- name: table_count
-- Reads: sqlite_master. Gives: 1 if the tables of users were created, else 0, one row.
SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'django_migrations'

-- name: rewrite_file
-- Reads: the database. Changes: copies its rows into new pages of the file, so that no free page keeps old ones.
VACUUM

-- name: empty_log
-- Changes: moves the write-ahead log into the file and empties it. Gives: 1 if others still read the log, else 0, and
-- two numbers of pages, one row.
PRAGMA wal_checkpoint(TRUNCATE)

-- name: lock_migrations
-- Changes: this connection holds PostgreSQL's lock of this number, which no other program should use. Gives: one row.
SELECT pg_advisory_lock(6113007)

-- name: unlock_migrations
-- Changes: this connection no longer holds the lock. Gives: one row.
SELECT pg_advisory_unlock(6113007)
