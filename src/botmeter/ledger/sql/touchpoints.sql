-- Reads: touchpoint. Takes: $first (a number). Gives: (bot_id, bot_version, channel) from that number on, in their order.
SELECT bot_id::VARCHAR, bot_version::VARCHAR, channel::VARCHAR
FROM touchpoint
WHERE touchpoint >= $first
ORDER BY touchpoint
