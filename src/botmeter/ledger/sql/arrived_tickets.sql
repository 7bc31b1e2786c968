-- Reads: arrival. Takes: nothing. Gives: conversation_id, ticket_id, ticket_type of its events that name a ticket, each once.
SELECT DISTINCT conversation_id::VARCHAR AS conversation_id, ticket_id::VARCHAR AS ticket_id,
    ticket_type::VARCHAR AS ticket_type
FROM arrival
WHERE ticket_id IS NOT NULL
