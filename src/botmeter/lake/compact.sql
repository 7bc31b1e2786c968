-- name: rows_of_instants
-- Reads: {table}. Takes: $first, $last (µs UTC, both included), $first_bucket, $last_bucket.
-- Gives: its rows of these buckets that started then, in any order.
SELECT * FROM {table}
WHERE started_at BETWEEN $first AND $last AND bucket BETWEEN $first_bucket AND $last_bucket

-- name: rows_of_days
-- Reads: {table}. Takes: $first, $last (days since 1970, both included), $first_bucket, $last_bucket.
-- Gives: its rows of these buckets and days, in any order.
SELECT * FROM {table}
WHERE day BETWEEN DATE '1970-01-01' + $first::INTEGER AND DATE '1970-01-01' + $last::INTEGER
    AND bucket BETWEEN $first_bucket AND $last_bucket
