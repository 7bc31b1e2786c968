-- name: set_timezone
-- Changes: times are UTC.
SET TimeZone = 'UTC'

-- name: keep_file_metadata
-- Changes: what a file says about its row groups is read once, which takes 20 ms for the events of ten million.
SET GLOBAL parquet_metadata_cache = true

-- name: attach
-- Changes: adds {name}, an empty database.
ATTACH ':memory:' AS {name}

-- name: use
-- Changes: views and tables are created in {name} from now on.
USE {name}

-- name: current_name
-- Gives: the name of the database in use, one row.
SELECT current_database()::VARCHAR

-- name: detach
-- Changes: drops {name} with all in it, once another is in use.
DETACH {name}

-- name: current
-- Reads: {rows}, {replaced}. Takes: {key}, the column that they share.
-- Gives: {view}, the rows that no later run has replaced. This is the rule of layout.py, and of the views in the guide.
-- Through their NOT EXISTS, with two conditions, DuckDB 2.0.0 pushes no filter, so that all rows would be read.
CREATE VIEW {view} AS
SELECT *
FROM {rows} AS x
ANTI JOIN {replaced} AS o ON o.{key} = x.{key} AND o.run > x.run

-- name: create_table
-- Reads: input_rows. Takes: {table}. Gives: that table, for rows in its columns.
CREATE TABLE IF NOT EXISTS {table} AS SELECT * FROM input_rows LIMIT 0

-- name: insert_rows
-- Reads: input_rows. Takes: {table}. Changes: adds its rows to that table.
INSERT INTO {table} BY NAME SELECT * FROM input_rows
