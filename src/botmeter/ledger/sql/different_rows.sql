-- Reads: {left}, {right}, two tables of the same columns. Takes: $limit.
-- Gives: (row as text, how many there are) of the rows that stand in the left more often than in the right.
WITH only_left AS (
    SELECT * FROM {left} AS x
    EXCEPT ALL
    SELECT * FROM {right} AS x
)
SELECT only_left::VARCHAR AS row, (count(*) OVER ())::BIGINT
FROM only_left
ORDER BY 1
LIMIT $limit
