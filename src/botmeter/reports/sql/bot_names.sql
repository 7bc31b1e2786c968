-- Reads: bot. Gives: the latest name of each bot that was ever named; by id.
SELECT
    bot_id::VARCHAR   AS bot_id,
    bot_name::VARCHAR AS bot_name
FROM bot
ORDER BY bot_id
