-- Reads: matching, touchpoint, session_ticket. Takes: $first_on, $last_on, $ticket_types (null: all).
-- Gives: the tickets of the conversations that match, of each bot and version that took part in them; by both.
SELECT
    touchpoint.bot_id::VARCHAR                       AS bot_id,
    touchpoint.bot_version::VARCHAR                  AS bot_version,
    count(DISTINCT session_ticket.ticket_id)::BIGINT AS ticket_count
FROM session_ticket
JOIN matching
    ON matching.session_id = session_ticket.session_id
    AND matching.conversation_id = session_ticket.conversation_id
JOIN touchpoint ON touchpoint.touchpoint = matching.touchpoint
WHERE session_ticket.day BETWEEN $first_on::DATE AND $last_on::DATE
    AND ($ticket_types::VARCHAR[] IS NULL OR list_contains($ticket_types::VARCHAR[], session_ticket.ticket_type))
GROUP BY ALL
ORDER BY ALL
