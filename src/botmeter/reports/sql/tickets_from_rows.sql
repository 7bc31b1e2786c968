-- Reads: session_ticket, matching. Takes: $first_on, $last_on.
-- Gives: as tickets_from_usage.
SELECT
    (1 - grouping(day) + 2 * (1 - grouping(ticket_type)))::INTEGER AS split,
    day::DATE                                                     AS day,
    ticket_type::VARCHAR                                          AS ticket_type,
    count(DISTINCT ticket_id)::BIGINT                             AS ticket_count,
    count(DISTINCT session_ticket.session_id)::BIGINT             AS session_count
FROM session_ticket
SEMI JOIN matching
    ON matching.session_id = session_ticket.session_id
    AND matching.conversation_id = session_ticket.conversation_id
WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
GROUP BY GROUPING SETS ((), (day), (ticket_type))
ORDER BY split, day, ticket_count DESC, ticket_type
