-- Reads: event. Takes: $append_no (the first of this commit).
-- Gives: in conversation_span, one row per conversation of these events.
INSERT INTO conversation_span
SELECT
    conversation_id,
    min(occurred_at) FILTER (WHERE kind = 1),
    min(occurred_at),
    max(occurred_at),
    hash(conversation_id)
FROM event
WHERE append_no >= $append_no
GROUP BY conversation_id
