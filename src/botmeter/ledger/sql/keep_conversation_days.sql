-- Reads: conversation_set, given (day, conversation_id, preview, footprint). Takes: nothing.
-- Gives: in conversation_day, a row for each set; `spans` is decided after it.
INSERT INTO conversation_day
SELECT c.day, c.conversation_id, c.preview, coalesce(s.footprint, c.low), false
FROM conversation_set AS c
LEFT JOIN given AS s
    ON c.low < c.high AND s.day = c.day AND s.conversation_id = c.conversation_id AND s.preview = c.preview
ORDER BY c.day
