-- name: begin
-- Reads: meta. Takes: nothing. Gives: one row; the first statement of a transaction decides which commit it sees.
SELECT name::VARCHAR FROM meta ORDER BY name LIMIT 1
