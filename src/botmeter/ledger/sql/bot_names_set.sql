-- Reads: bot_name_set. Takes: nothing. Gives: the names that people gave to bots (empty: taken back), in order.
SELECT recorded_at::BIGINT, bot_id::VARCHAR, bot_name::VARCHAR, set_by::VARCHAR
FROM bot_name_set
ORDER BY rowid
