-- Reads: span_change, conversation_day, touched_day. Takes: nothing.
-- Gives: in touched_day, the days of those conversations.
INSERT INTO touched_day
SELECT DISTINCT day
FROM conversation_day
WHERE conversation_id IN (SELECT conversation_id FROM span_change) AND day NOT IN (SELECT day FROM touched_day)
