-- Reads: footprint_member.
-- Gives: one row per touchpoint of each set of touchpoints that sessions can have, in no order.
SELECT
    footprint::BIGINT  AS place_set,
    touchpoint::BIGINT AS touchpoint
FROM footprint_member
