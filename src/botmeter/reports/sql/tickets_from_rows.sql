-- Reads: session_ticket, matching. Takes: $first_on, $last_on.
-- Gives: as tickets_from_usage.
SELECT
    (session_ticket.day - $first_on::DATE)::BIGINT AS day,
    session_ticket.session_id::VARCHAR             AS session_id,
    session_ticket.ticket_id::VARCHAR              AS ticket_id,
    session_ticket.ticket_type::VARCHAR            AS ticket_type
FROM session_ticket
SEMI JOIN matching
    ON matching.session_id = session_ticket.session_id
    AND matching.conversation_id = session_ticket.conversation_id
WHERE session_ticket.day BETWEEN $first_on::DATE AND $last_on::DATE
