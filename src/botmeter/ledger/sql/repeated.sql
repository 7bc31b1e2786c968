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
