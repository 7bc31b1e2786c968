-- Reads: ticketed.
-- Gives: distinct tickets and sessions with one, in all (day and type null), for each day (type null)
-- and for each type (day null); in that order, days ascending, types by tickets, most first.
SELECT
    CASE WHEN grouping(day) = 0 THEN 1 WHEN grouping(ticket_type) = 0 THEN 2 ELSE 0 END::INTEGER AS split,
    day::DATE                                                                                   AS day,
    ticket_type::VARCHAR                                                                        AS ticket_type,
    count(DISTINCT ticket_id)::BIGINT                                                           AS ticket_count,
    count(DISTINCT session_id)::BIGINT                                                          AS session_count
FROM ticketed
GROUP BY GROUPING SETS ((), (day), (ticket_type))
ORDER BY split, day, ticket_count DESC, ticket_type
