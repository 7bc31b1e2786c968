-- Reads: conversation_set, touched_row, touched_day. Takes: {untouched}: which rows stay as they are.
-- Gives: row_count (conversation_id, row_count), how many rows each conversation has now, where it is several.
CREATE OR REPLACE TEMP TABLE row_count AS
SELECT conversation_id, count(*) AS row_count
FROM (
    SELECT conversation_id FROM conversation_set
    UNION ALL
    SELECT conversation_id FROM touched_row WHERE {untouched}
)
GROUP BY conversation_id
HAVING count(*) > 1
