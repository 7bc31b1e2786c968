-- Reads: session_usage, wanted. Takes: $first_on, $last_on, $preview.
-- Gives: counted, how many sessions that match started on a day, opened at one touchpoint, with the
-- same set of matching touchpoints (`places`).
CREATE OR REPLACE TEMP TABLE counted AS
SELECT
    usage.day::DATE                   AS day,
    wanted.places::INTEGER[]          AS places,
    usage.opening_touchpoint::INTEGER AS opening_touchpoint,
    usage.preview::BOOLEAN            AS preview,
    usage.session_count::BIGINT       AS session_count
FROM session_usage AS usage
JOIN wanted ON wanted.footprint = usage.footprint
WHERE usage.day BETWEEN $first_on::DATE AND $last_on::DATE
    AND ($preview::BOOLEAN IS NULL OR usage.preview = $preview::BOOLEAN)
