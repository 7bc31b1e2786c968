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
