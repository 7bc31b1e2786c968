-- Reads: conversation_day. Takes: $conversation.
-- Gives: one row: the first and the last UTC day on which a session with it started; null: none did.
SELECT
    min(day)::DATE AS first_on,
    max(day)::DATE AS last_on
FROM conversation_day
WHERE conversation_key = hash($conversation::VARCHAR) AND conversation_id = $conversation::VARCHAR
