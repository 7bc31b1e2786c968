-- name: keys_of_buckets
-- Reads: event_key. Takes: $first, $last (buckets). Gives: its rows of these buckets, in any order.
SELECT * FROM event_key WHERE bucket BETWEEN $first AND $last

-- name: stored_keys
-- Reads: input_rows (event_key). Takes: {keys}, event_key, or keys_of_buckets if input rows are of these alone.
-- Gives: the keys of input rows that are in {keys}, once each, in any order.
SELECT DISTINCT event_key::BIGINT AS event_key
FROM {keys}
WHERE event_key IN (SELECT event_key FROM input_rows)

-- name: stored_events
-- Reads: event, touchpoint, input_rows (row, event_key, source, event_id). Takes: {source} and {event_id}, those of s to compare
-- identities, those of i to compare keys alone.
-- Gives: each stored event with the key of an input row, and that one's `row`, in any order. The customer is the one that
-- was sent.
SELECT
    i.row::BIGINT AS row, s.occurred_at::BIGINT AS occurred_at, s.conversation_id::VARCHAR AS conversation_id,
    coalesce(s.sent_customer_id, s.customer_id)::VARCHAR AS customer_id, s.actor::UTINYINT AS actor, s.kind::UTINYINT AS kind,
    t.bot_id::VARCHAR AS bot_id, s.bot_name::VARCHAR AS bot_name, t.bot_version::VARCHAR AS bot_version,
    t.channel::VARCHAR AS channel, s.ticket_id::VARCHAR AS ticket_id, s.ticket_type::VARCHAR AS ticket_type,
    s.preview::BOOLEAN AS preview, s.attributes::VARCHAR AS attributes, coalesce(s.is_pulled, false)::BOOLEAN AS is_pulled,
    coalesce(s.is_erased, false)::BOOLEAN AS is_erased,
    coalesce(s.is_conversation_erased, false)::BOOLEAN AS is_conversation_erased
FROM event AS s
JOIN input_rows AS i ON i.event_key = s.event_key
JOIN touchpoint AS t ON t.touchpoint = s.touchpoint
WHERE {source} = i.source AND {event_id} = i.event_id

-- name: unpaired_keys
-- Reads: event, event_key. Takes: nothing. Gives: the number of keys that the two don't have equally often, one row.
SELECT (
    (SELECT count(*) FROM (SELECT event_key FROM event EXCEPT ALL SELECT event_key FROM event_key))
    + (SELECT count(*) FROM (SELECT event_key FROM event_key EXCEPT ALL SELECT event_key FROM event))
)::BIGINT
