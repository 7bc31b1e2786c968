-- Reads: event. Takes: $source, $first_us, $limit.
-- Gives: (conversation_id, last_us) of each conversation of the source with an event at $first_us or later, the latest
-- first; last_us: when its latest event occurred. An erased one has no id that anybody could ask for.
SELECT conversation_id::VARCHAR AS conversation_id, max(occurred_at)::BIGINT AS last_us
FROM event
WHERE source = $source AND occurred_at >= $first_us AND NOT starts_with(conversation_id, 'erased-')
GROUP BY conversation_id
ORDER BY last_us DESC, conversation_id
LIMIT $limit
