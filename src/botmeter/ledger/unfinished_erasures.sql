-- name: old_file
-- Takes: {file}, which ATTACH can't bind. Gives: its tables under a name that no account can have.
ATTACH '{file}' AS "the old file" (READ_ONLY)

-- name: old_meta
-- Reads: meta of the old file. Takes: $name. Gives: the value under that name (null: none), one row.
SELECT max(value)::VARCHAR FROM "the old file".meta WHERE name = $name

-- name: present_database
-- Reads: nothing. Gives: the name of the open database, one row.
SELECT current_database()::VARCHAR

-- name: new_tables
-- Reads: the old file. Takes: {into}. Gives: its tables and views in the new file, without rows.
COPY FROM DATABASE "the old file" TO "{into}" (SCHEMA)

-- name: insert_meta
-- Reads: meta of the old file. Takes: $without, a name. Changes: adds all other rows to meta.
INSERT INTO meta SELECT name, value FROM "the old file".meta WHERE name <> $without ORDER BY rowid

-- name: other_tables
-- Reads: the old file. Takes: nothing. Gives: the names of its tables without meta, in order.
SELECT table_name::VARCHAR FROM duckdb_tables() WHERE database_name = 'the old file' AND table_name <> 'meta' ORDER BY ALL

-- name: insert_rows
-- Reads: the table of the old file. Takes: {table}. Changes: adds its rows, in their order, to the table.
INSERT INTO "{table}" SELECT * FROM "the old file"."{table}"

-- name: detach_old_file
-- Changes: the old file is closed.
DETACH "the old file"
