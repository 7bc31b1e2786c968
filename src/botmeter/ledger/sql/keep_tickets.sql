-- Reads: event, conversation_ticket. Takes: $append_no (the first of this commit).
-- Gives: in conversation_ticket, the tickets and types that these events are the first to link.
INSERT INTO conversation_ticket
WITH linked AS (
    SELECT DISTINCT conversation_id, ticket_id, ticket_type
    FROM event
    WHERE append_no >= $append_no AND ticket_id IS NOT NULL
)
SELECT conversation_id, ticket_id, ticket_type
FROM linked
EXCEPT
SELECT conversation_id, ticket_id, ticket_type
FROM conversation_ticket
WHERE ticket_id IN (SELECT ticket_id FROM linked)
