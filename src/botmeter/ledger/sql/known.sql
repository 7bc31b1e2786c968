-- Reads: event, arrived (row, then the columns of event). Takes: $source.
-- Gives: (row, same) of each arrived event that the ledger has; same: nothing in it differs.
-- An erased event has lost its id and content; its key alone tells that it was here.
SELECT
    a.row::BIGINT AS row,
    bool_or(
        starts_with(e.event_id, 'erased:')
        OR (e.occurred_at = a.occurred_at
            AND e.conversation_id = a.conversation_id
            AND e.customer_id = a.customer_id
            AND e.actor = a.actor
            AND e.kind = a.kind
            AND e.touchpoint = a.touchpoint
            AND e.bot_name IS NOT DISTINCT FROM a.bot_name
            AND e.ticket_id IS NOT DISTINCT FROM a.ticket_id
            AND e.ticket_type IS NOT DISTINCT FROM a.ticket_type
            AND e.preview IS NOT DISTINCT FROM a.preview
            AND e.attributes IS NOT DISTINCT FROM a.attributes)
    )::BOOLEAN AS same
FROM event AS e
JOIN arrived AS a ON e.event_key = hash($source, a.event_id)
WHERE (e.source = $source AND e.event_id = a.event_id) OR starts_with(e.event_id, 'erased:')
GROUP BY a.row
ORDER BY a.row
