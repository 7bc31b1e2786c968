-- Reads: session_ticket, session. Takes: $start_us, $end_us, $origin_us and $step_us (a step is as
-- long), $footprints (null: all), $preview.
-- Gives: as tickets_from_usage, of the sessions that start in that span; in place of the day, the step
-- from the origin on in which the session started.
SELECT
    ((session.started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS step,
    session_ticket.session_id::VARCHAR                                      AS session_id,
    session_ticket.ticket_id::VARCHAR                                       AS ticket_id,
    session_ticket.ticket_type::VARCHAR                                     AS ticket_type
FROM session_ticket
JOIN session ON session.session_id = session_ticket.session_id
WHERE session.started_at >= $start_us::BIGINT
    AND session.started_at < $end_us::BIGINT
    AND session_ticket.day BETWEEN make_timestamp($start_us::BIGINT)::DATE AND make_timestamp($end_us::BIGINT)::DATE
    AND (
        $footprints::INTEGER[] IS NULL
        OR session_ticket.footprint IN (SELECT unnest($footprints::INTEGER[]))
    )
    AND ($preview::BOOLEAN IS NULL OR session_ticket.preview = $preview::BOOLEAN)
