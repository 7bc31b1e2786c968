-- Reads: session_ticket. Takes: $first_on, $last_on, $footprints (null: all), $preview.
-- Gives: distinct tickets, and sessions with one, in all (day and type null), for each day (type null)
-- and for each type (day null): split 0, 1, 2, then days ascending, types by tickets, most first.
SELECT
    (1 - grouping(day) + 2 * (1 - grouping(ticket_type)))::INTEGER AS split,
    day::DATE                                                     AS day,
    ticket_type::VARCHAR                                          AS ticket_type,
    count(DISTINCT ticket_id)::BIGINT                             AS ticket_count,
    count(DISTINCT session_id)::BIGINT                            AS session_count
FROM session_ticket
WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
    AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
GROUP BY GROUPING SETS ((), (day), (ticket_type))
ORDER BY split, day, ticket_count DESC, ticket_type
