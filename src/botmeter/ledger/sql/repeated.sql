-- Reads: given (row, then the columns of event). Takes: nothing.
-- Gives: (row, same) of each arrived event whose id stands in an earlier row; same: as that row has it.
WITH first_row AS (
    SELECT event_id, min(row) AS row FROM given GROUP BY event_id HAVING count(*) > 1
)
SELECT
    a.row::BIGINT AS row,
    (f.occurred_at = a.occurred_at
        AND f.conversation_id = a.conversation_id
        AND f.customer_id = a.customer_id
        AND f.actor = a.actor
        AND f.kind = a.kind
        AND f.touchpoint = a.touchpoint
        AND f.bot_name IS NOT DISTINCT FROM a.bot_name
        AND f.ticket_id IS NOT DISTINCT FROM a.ticket_id
        AND f.ticket_type IS NOT DISTINCT FROM a.ticket_type
        AND f.preview IS NOT DISTINCT FROM a.preview
        AND f.attributes IS NOT DISTINCT FROM a.attributes)::BOOLEAN AS same
FROM given AS a
JOIN first_row USING (event_id)
JOIN given AS f ON f.row = first_row.row
WHERE a.row > first_row.row
ORDER BY a.row
