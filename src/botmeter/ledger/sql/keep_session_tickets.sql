-- Reads: given (day, session_id, conversation_id, preview, footprint), conversation_ticket. Takes: nothing.
-- Gives: in session_ticket, a row for each of these × ticket × type; 'unknown' where a ticket has no type at all.
INSERT INTO session_ticket
SELECT s.day, s.session_id::UUID, s.conversation_id, t.ticket_id, t.ticket_type, s.footprint, s.preview
FROM given AS s
JOIN (
    SELECT conversation_id, ticket_id, unnest(coalesce(list(DISTINCT ticket_type) FILTER (WHERE ticket_type IS NOT NULL), ['unknown'])) AS ticket_type
    FROM conversation_ticket
    WHERE conversation_id IN (SELECT conversation_id FROM given)
    GROUP BY conversation_id, ticket_id
) AS t USING (conversation_id)
ORDER BY s.day
