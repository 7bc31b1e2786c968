-- Reads: session_ticket. Takes: $session_id, $day_on (on which it started).
-- Gives: conversation, ticket and type, one row each; by all three.
SELECT
    conversation_id::VARCHAR AS conversation_id,
    ticket_id::VARCHAR       AS ticket_id,
    ticket_type::VARCHAR     AS ticket_type
FROM session_ticket
WHERE session_id = $session_id::UUID AND day = $day_on::DATE
ORDER BY ALL
