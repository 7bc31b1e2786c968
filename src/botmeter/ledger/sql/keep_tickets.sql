-- Reads: given (conversation_id, ticket_id, ticket_type), conversation_ticket. Takes: nothing.
-- Gives: in conversation_ticket, those that are not in it yet, each once.
INSERT INTO conversation_ticket
SELECT DISTINCT g.conversation_id, g.ticket_id, g.ticket_type
FROM given AS g
WHERE NOT EXISTS (
    SELECT 1
    FROM conversation_ticket AS t
    WHERE t.conversation_id = g.conversation_id
        AND t.ticket_id = g.ticket_id
        AND t.ticket_type IS NOT DISTINCT FROM g.ticket_type
)
