-- Reads: touchpoint, bot, bot_name_sent. Takes: nothing.
-- Gives: each bot of which there is an event: (id, name as shown, name that events bear, name that a person gave),
-- null where there is none; by id.
SELECT p.bot_id::VARCHAR, bot.bot_name::VARCHAR, bot_name_sent.bot_name::VARCHAR, bot.set_name::VARCHAR
FROM (SELECT DISTINCT bot_id FROM touchpoint WHERE bot_id IS NOT NULL) AS p
LEFT JOIN bot USING (bot_id)
LEFT JOIN bot_name_sent USING (bot_id)
ORDER BY p.bot_id
