-- name: known_instants
-- Reads: event, arrival, input_rows (event_id, event_key). Takes: $source.
-- Gives: (event_id, occurred_at) of each input event of the source in the ledger, by id. An
-- erased one is found by its key alone.
WITH kept AS (
    SELECT event_key, source, event_id, occurred_at, is_erased FROM event
    UNION ALL
    SELECT event_key, source, event_id, occurred_at, false FROM arrival
)
SELECT g.event_id::VARCHAR AS event_id, min(k.occurred_at)::BIGINT AS occurred_at
FROM input_rows AS g
JOIN kept AS k ON k.event_key = g.event_key
WHERE (k.source = $source AND k.event_id = g.event_id) OR k.is_erased
GROUP BY g.event_id
ORDER BY g.event_id

-- name: active_conversations
-- Reads: event. Takes: $source, $first_us, $limit.
-- Gives: (conversation_id, last_us) of each conversation of the source with an event at $first_us or later, the latest
-- first; last_us: instant of its latest event. Without erased ones, whose ids no platform knows.
SELECT conversation_id::VARCHAR AS conversation_id, max(occurred_at)::BIGINT AS last_us
FROM event
WHERE source = $source AND occurred_at >= $first_us AND NOT is_conversation_erased
GROUP BY conversation_id
ORDER BY last_us DESC, conversation_id
LIMIT $limit
