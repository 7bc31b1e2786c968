-- Reads: footprint_member. Takes: $touchpoints.
-- Gives: wanted, one row per footprint that has any of the touchpoints: `places` are those it has.
CREATE OR REPLACE TEMP TABLE wanted AS
SELECT
    footprint::INTEGER                             AS footprint,
    list(touchpoint ORDER BY touchpoint)::INTEGER[] AS places
FROM footprint_member
WHERE touchpoint IN (SELECT unnest($touchpoints::INTEGER[]))
GROUP BY footprint
