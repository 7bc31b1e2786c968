-- Reads: session_ticket, wanted. Takes: $first_on, $last_on, $preview.
-- Gives: ticketed, the tickets of the sessions that match: one row per day × session × conversation × ticket × type.
CREATE OR REPLACE TEMP TABLE ticketed AS
SELECT
    day::DATE           AS day,
    session_id::UUID    AS session_id,
    ticket_id::VARCHAR   AS ticket_id,
    ticket_type::VARCHAR AS ticket_type
FROM session_ticket
WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
    AND footprint IN (SELECT footprint FROM wanted)
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
