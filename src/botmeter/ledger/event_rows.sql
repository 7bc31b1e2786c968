-- name: event_keys
-- Reads: input_rows (source, event_id). Takes: nothing.
-- Gives: the key of each event, one row each, in the order of `input_rows`, which a scan of one Arrow table keeps.
SELECT hash(source, event_id)::UBIGINT AS event_key FROM input_rows

-- name: stored_rows
-- Reads: event, arrival, erased_key, input_rows (event_key). Takes: $first, $last (µs UTC).
-- Gives: (row, event_key) of the rows of event with these keys between these instants; the row is null for those in
-- arrival and erased_key. Only two columns of integers are read.
SELECT rowid::BIGINT AS row, event_key::UBIGINT AS event_key
FROM event
WHERE occurred_at >= $first AND occurred_at <= $last AND event_key IN (SELECT event_key FROM input_rows)
UNION ALL
SELECT NULL, event_key
FROM arrival
WHERE event_key IN (SELECT event_key FROM input_rows)
UNION ALL
SELECT NULL, event_key
FROM erased_key
WHERE event_key IN (SELECT event_key FROM input_rows)
ORDER BY ALL

-- name: stored_events
-- Reads: event, arrival, erased_key, touchpoint, input_rows (row, event_key, source, event_id). Takes: $rows (of event).
-- Gives: each stored event with the identity of an input row, and that one's `row`, in any order. The customer is the
-- one that was sent. An erased event is found by its key alone, as its id and content are erased.
WITH stored AS MATERIALIZED (
    SELECT * FROM event WHERE rowid IN (SELECT unnest($rows::BIGINT[]))
    UNION ALL
    SELECT * EXCLUDE (received_at), false, false, false
    FROM arrival
    WHERE event_key IN (SELECT event_key FROM input_rows)
    UNION ALL
    SELECT event_key, '', '', occurred_at, '', '', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, false, true, true
    FROM erased_key
    WHERE event_key IN (SELECT event_key FROM input_rows)
)
SELECT
    i.row::BIGINT AS row, s.occurred_at::BIGINT AS occurred_at, s.conversation_id::VARCHAR AS conversation_id,
    coalesce(s.sent_customer_id, s.customer_id)::VARCHAR AS customer_id, s.actor::UTINYINT AS actor,
    s.kind::UTINYINT AS kind, t.bot_id::VARCHAR AS bot_id, s.bot_name::VARCHAR AS bot_name,
    t.bot_version::VARCHAR AS bot_version, t.channel::VARCHAR AS channel, s.ticket_id::VARCHAR AS ticket_id,
    s.ticket_type::VARCHAR AS ticket_type, s.preview::BOOLEAN AS preview, s.attributes::VARCHAR AS attributes,
    s.is_pulled::BOOLEAN AS is_pulled, s.is_erased::BOOLEAN AS is_erased,
    s.is_conversation_erased::BOOLEAN AS is_conversation_erased
FROM stored AS s
JOIN input_rows AS i ON i.event_key = s.event_key
LEFT JOIN touchpoint AS t ON t.touchpoint = s.touchpoint
WHERE (s.source = i.source AND s.event_id = i.event_id) OR s.is_erased

-- name: known_instants
-- Reads: event, arrival, erased_key, input_rows (source, event_id, event_key). Takes: nothing.
-- Gives: (event_id, occurred_at) of each of these events in the ledger, by id. An erased one is found by its key alone.
WITH stored AS (
    SELECT event_key, source, event_id, occurred_at, is_erased FROM event
    UNION ALL
    SELECT event_key, source, event_id, occurred_at, false FROM arrival
    UNION ALL
    SELECT event_key, '', '', occurred_at, true FROM erased_key
)
SELECT i.event_id::VARCHAR AS event_id, min(s.occurred_at)::BIGINT AS occurred_at
FROM input_rows AS i
JOIN stored AS s ON s.event_key = i.event_key
WHERE (s.source = i.source AND s.event_id = i.event_id) OR s.is_erased
GROUP BY i.event_id
ORDER BY i.event_id

-- name: has_events
-- Reads: event. Takes: nothing. Gives: true if it has a row, one row.
SELECT EXISTS (SELECT 1 FROM event)::BOOLEAN

-- name: has_aliases
-- Reads: customer_alias. Takes: nothing. Gives: true if any alias is in force, one row.
SELECT EXISTS (SELECT 1 FROM customer_alias WHERE undone_no IS NULL)::BOOLEAN

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

-- name: insert_events
-- Reads: input_rows. Takes: nothing. Changes: adds these events to event, in order.
INSERT INTO event
SELECT
    event_key, source, event_id, occurred_at, conversation_id, customer_id, actor, kind,
    touchpoint, bot_name, ticket_id, ticket_type, preview, attributes, append_no, NULL, is_pulled, false, false
FROM input_rows

-- name: insert_arrivals
-- Reads: input_rows. Takes: $now. Changes: adds these events to arrival, in order.
INSERT INTO arrival
SELECT
    event_key, source, event_id, occurred_at, conversation_id, customer_id, actor, kind,
    touchpoint, bot_name, ticket_id, ticket_type, preview, attributes, append_no, NULL, $now
FROM input_rows

-- name: latest_events
-- Reads: event, touchpoint. Takes: $limit.
-- Gives: about the last $limit rows of event as they were sent: key, identity, content, is_pulled; without erased ones, in any order.
SELECT
    e.event_key::UBIGINT AS event_key, e.source::VARCHAR AS source, e.event_id::VARCHAR AS event_id,
    e.occurred_at::BIGINT AS occurred_at, e.conversation_id::VARCHAR AS conversation_id,
    coalesce(e.sent_customer_id, e.customer_id)::VARCHAR AS customer_id, e.actor::UTINYINT AS actor,
    e.kind::UTINYINT AS kind, t.bot_id::VARCHAR AS bot_id, e.bot_name::VARCHAR AS bot_name,
    t.bot_version::VARCHAR AS bot_version, t.channel::VARCHAR AS channel, e.ticket_id::VARCHAR AS ticket_id,
    e.ticket_type::VARCHAR AS ticket_type, e.preview::BOOLEAN AS preview, e.attributes::VARCHAR AS attributes,
    e.is_pulled::BOOLEAN AS is_pulled
FROM event AS e
JOIN touchpoint AS t USING (touchpoint)
WHERE e.rowid > (SELECT max(rowid) FROM event) - $limit AND NOT e.is_erased AND NOT e.is_conversation_erased
