-- Reads: session_usage. Takes: $first_on, $last_on, $preview.
-- Gives: how many sessions started on a day (days since $first_on) with a set of touchpoints, opened
-- at one of them; several rows can speak of the same. In no order: the rows are added up.
SELECT
    (day - $first_on::DATE)::BIGINT AS day,
    footprint::BIGINT               AS place_set,
    opening_touchpoint::BIGINT      AS opening_touchpoint,
    preview::BIGINT                 AS preview,
    session_count::BIGINT           AS session_count
FROM session_usage
WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
