-- Reads: touchpoint. Takes: nothing. Gives: (bot_id, bot_version, channel) in order of number.
SELECT bot_id::VARCHAR, bot_version::VARCHAR, channel::VARCHAR
FROM touchpoint
ORDER BY touchpoint
