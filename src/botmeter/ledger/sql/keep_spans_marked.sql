-- Reads: span_change. Takes: nothing. Gives: conversation_day.spans as it is now.
UPDATE conversation_day
SET spans = c.spans
FROM span_change AS c
WHERE conversation_day.conversation_id = c.conversation_id AND conversation_day.spans <> c.spans
