-- Reads: touched_row, touched_day, row_count. Takes: nothing.
-- Gives: span_change, the rows on other days that no longer say rightly whether they are alone.
CREATE OR REPLACE TEMP TABLE span_change AS
SELECT t.day, t.conversation_id, t.preview, n.conversation_id IS NOT NULL AS spans
FROM touched_row AS t
LEFT JOIN row_count AS n ON n.conversation_id = t.conversation_id
WHERE t.day NOT IN (SELECT day FROM touched_day) AND t.spans <> (n.conversation_id IS NOT NULL)
