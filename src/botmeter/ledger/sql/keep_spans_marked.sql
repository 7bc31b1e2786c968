-- Reads: span_change. Takes: $first, $last (its days). Gives: conversation_day.spans as it is now.
UPDATE conversation_day
SET spans = c.spans
FROM span_change AS c
WHERE conversation_day.day >= $first AND conversation_day.day <= $last
    AND conversation_day.day = c.day
    AND conversation_day.conversation_id = c.conversation_id
    AND conversation_day.preview = c.preview
