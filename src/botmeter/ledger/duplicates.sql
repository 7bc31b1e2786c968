-- name: known
-- Reads: event, arrival, given (row, then the columns of event). Takes: $places (rows of event).
-- Gives: (row, same) of each arrived event that the ledger has; same: nothing in it differs.
-- What a pull told, which can know a time to the second alone, is told again by its own webhook: that is no conflict.
-- An erased event has lost its id and content; its key alone tells that it was here. Others of its
-- conversation have lost the conversation's id.
WITH found AS MATERIALIZED (
    SELECT * FROM event WHERE rowid IN (SELECT unnest($places::BIGINT[]))
    UNION ALL
    SELECT * EXCLUDE (received_at) FROM arrival WHERE event_key IN (SELECT event_key FROM given)
)
SELECT
    a.row::BIGINT AS row,
    bool_or(
        e.event_id <> a.event_id
        OR ((e.conversation_id = a.conversation_id OR starts_with(e.conversation_id, 'erased-'))
            AND coalesce(e.sent_customer_id, e.customer_id) = a.customer_id
            AND e.kind = a.kind
            AND (
                (contains(coalesce(e.attributes, ''), '"told_by":"pull"')
                 AND abs(e.occurred_at - a.occurred_at) < 1000000)
                OR (e.occurred_at = a.occurred_at
                    AND e.actor = a.actor
                    AND e.touchpoint = a.touchpoint
                    AND e.bot_name IS NOT DISTINCT FROM a.bot_name
                    AND e.ticket_id IS NOT DISTINCT FROM a.ticket_id
                    AND e.ticket_type IS NOT DISTINCT FROM a.ticket_type
                    AND e.preview IS NOT DISTINCT FROM a.preview
                    AND e.attributes IS NOT DISTINCT FROM a.attributes)
            ))
    )::BOOLEAN AS same
FROM found AS e
JOIN given AS a ON e.event_key = a.event_key
WHERE (e.source = a.source AND e.event_id = a.event_id) OR starts_with(e.event_id, 'erased:')
GROUP BY a.row
ORDER BY a.row

-- name: repeated
-- Reads: given (row, then the columns of event). Takes: nothing.
-- Gives: (row, id_no, content_no) of each arrived event whose id stands in several rows: numbers that are the same
-- where the ids are, and where nothing differs.
WITH repeated AS (
    SELECT source, event_id FROM given GROUP BY source, event_id HAVING count(*) > 1
)
SELECT
    a.row::BIGINT AS row,
    (dense_rank() OVER (ORDER BY a.source, a.event_id))::BIGINT AS id_no,
    (dense_rank() OVER (
        ORDER BY a.source, a.event_id, a.occurred_at, a.conversation_id, a.customer_id, a.actor, a.kind, a.touchpoint,
            a.bot_name, a.ticket_id, a.ticket_type, a.preview, a.attributes
    ))::BIGINT AS content_no
FROM given AS a
JOIN repeated USING (source, event_id)
ORDER BY a.row

-- name: known_places
-- Reads: event, arrival, given (event_key). Takes: $first, $last (µs UTC).
-- Gives: (place, event_key) where in event the keys stand among the events between these instants; the place is null
-- for those in arrival. Two columns of integers are read for it; the events themselves only where a key was found.
SELECT rowid::BIGINT AS place, event_key::UBIGINT AS event_key
FROM event
WHERE occurred_at >= $first AND occurred_at <= $last AND event_key IN (SELECT event_key FROM given)
UNION ALL
SELECT NULL, event_key
FROM arrival
WHERE event_key IN (SELECT event_key FROM given)
ORDER BY ALL
