-- Reads: conversation_set, row_count, given (day, conversation_id, preview, footprint: the sets of several). Takes: nothing.
-- Gives: in conversation_day, a row for each set.
INSERT INTO conversation_day
SELECT c.day, c.conversation_id, c.preview, coalesce(s.footprint, c.low), n.conversation_id IS NOT NULL,
    hash(c.conversation_id)
FROM conversation_set AS c
LEFT JOIN given AS s
    ON c.low < c.high AND s.day = c.day AND s.conversation_id = c.conversation_id AND s.preview = c.preview
LEFT JOIN row_count AS n ON n.conversation_id = c.conversation_id
ORDER BY c.day
