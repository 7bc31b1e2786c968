-- name: rows_of_instants
-- Reads: {table}. Takes: $first, $last (µs UTC, both included). Gives: its rows that started then, in any order.
SELECT * FROM {table} WHERE started_at BETWEEN $first AND $last

-- name: rows_of_days
-- Reads: {table}. Takes: $first, $last (days since 1970, both included). Gives: its rows of those days, in any order.
SELECT * FROM {table} WHERE day BETWEEN DATE '1970-01-01' + $first::INTEGER AND DATE '1970-01-01' + $last::INTEGER
