-- Reads: session_ticket, matching. Takes: $first_on, $last_on, $ticket_types (null: all).
-- Gives: one row, the number of distinct tickets of the rows that match.
SELECT count(DISTINCT ticket_id)::BIGINT AS ticket_count
FROM session_ticket
WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
    AND ($ticket_types::VARCHAR[] IS NULL OR list_contains($ticket_types::VARCHAR[], ticket_type))
    AND (session_id, conversation_id) IN (SELECT (session_id, conversation_id) FROM matching)
