-- Reads: session_ticket, matching. Takes: $first_on, $last_on, $origin_us and $step_us (a step is as long),
-- $ticket_types (null: all).
-- Gives: as tickets_from_usage; in place of the day, the step from the origin on in which the session started.
SELECT
    ((pair.started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS step,
    session_ticket.session_id::VARCHAR                                   AS session_id,
    session_ticket.ticket_id::VARCHAR                                    AS ticket_id,
    session_ticket.ticket_type::VARCHAR                                  AS ticket_type
FROM session_ticket
JOIN (SELECT DISTINCT started_at, session_id, conversation_id FROM matching) AS pair
    ON pair.session_id = session_ticket.session_id
    AND pair.conversation_id = session_ticket.conversation_id
WHERE session_ticket.day BETWEEN $first_on::DATE AND $last_on::DATE
    AND ($ticket_types::VARCHAR[] IS NULL OR list_contains($ticket_types::VARCHAR[], session_ticket.ticket_type))
