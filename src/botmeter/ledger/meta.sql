-- name: value
-- Reads: meta. Takes: $name. Gives: the value under the name (null: none), one row.
SELECT max(value)::VARCHAR FROM meta WHERE name = $name

-- name: delete
-- Reads: meta. Takes: $name. Changes: deletes the name from meta.
DELETE FROM meta WHERE name = $name

-- name: insert
-- Takes: $name, $value. Changes: adds the row to meta.
INSERT INTO meta VALUES ($name, $value)
