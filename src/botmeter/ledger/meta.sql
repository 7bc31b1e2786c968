-- name: value
-- Reads: meta. Takes: $name. Gives: the value under the name (null: none), one row.
SELECT max(value)::VARCHAR FROM meta WHERE name = $name

-- name: remove
-- Reads: meta. Takes: $name. Changes: meta has no value under the name.
DELETE FROM meta WHERE name = $name

-- name: add
-- Takes: $name, $value. Changes: meta has one row more.
INSERT INTO meta VALUES ($name, $value)
