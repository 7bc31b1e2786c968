-- name: set_timezone
-- Changes: times are UTC.
SET TimeZone = 'UTC'

-- name: current
-- Reads: {rows}, {replaced}. Takes: {key}, the column that they share.
-- Gives: {view}, the rows that no later run has replaced. This is the rule of layout.py, and of the views in the guide.
CREATE VIEW {view} AS
SELECT x.*
FROM {rows} AS x
WHERE NOT EXISTS (SELECT 1 FROM {replaced} AS o WHERE o.{key} = x.{key} AND o.run > x.run)
