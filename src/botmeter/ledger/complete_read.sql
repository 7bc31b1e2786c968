-- name: stored_tables
-- Reads: the catalog. Takes: nothing. Gives: the names of the ledger's tables, without views.
SELECT table_name::VARCHAR FROM duckdb_tables() WHERE database_name = current_database() ORDER BY table_name

-- name: last_row
-- Reads: {table}. Takes: nothing. Gives: the number of its last row in the order of storage, -1 if it is empty, one row.
SELECT coalesce(max(rowid), -1)::BIGINT FROM {table}

-- name: read_part
-- Reads: {table}, all columns. Takes: $first, $end, numbers as in last_row. Gives: a hash of the rows between, one row.
SELECT bit_xor(hash(t))::UBIGINT FROM {table} AS t WHERE rowid >= $first AND rowid < $end
