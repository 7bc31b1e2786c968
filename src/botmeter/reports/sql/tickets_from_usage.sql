-- Reads: session_ticket. Takes: $first_on, $last_on, $footprints (null: all), $preview.
-- Gives: the tickets of the sessions that match, one row per session × conversation × ticket × type;
-- day in days since $first_on. In no order: the rows are counted.
SELECT
    (day - $first_on::DATE)::BIGINT AS day,
    session_id::VARCHAR             AS session_id,
    ticket_id::VARCHAR              AS ticket_id,
    ticket_type::VARCHAR            AS ticket_type
FROM session_ticket
WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
    AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
