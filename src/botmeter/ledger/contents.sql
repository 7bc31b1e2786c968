-- name: touchpoints
-- Reads: touchpoint. Takes: $first (a number). Gives: (bot_id, bot_version, channel) from that number on, in order.
SELECT bot_id::VARCHAR, bot_version::VARCHAR, channel::VARCHAR
FROM touchpoint
WHERE touchpoint >= $first
ORDER BY touchpoint

-- name: footprints
-- Reads: footprint_member. Takes: nothing. Gives: the ascending members of footprints -1, -2, …, in this order.
SELECT list(touchpoint ORDER BY touchpoint)::INTEGER[]
FROM footprint_member
WHERE footprint < 0
GROUP BY footprint
ORDER BY footprint DESC
