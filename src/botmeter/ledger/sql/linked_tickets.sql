-- Reads: event. Takes: nothing. Gives: the tickets and types of each conversation, as the events name them, each once.
SELECT DISTINCT conversation_id::VARCHAR AS conversation_id, ticket_id::VARCHAR AS ticket_id,
    ticket_type::VARCHAR AS ticket_type
FROM event
WHERE ticket_id IS NOT NULL
