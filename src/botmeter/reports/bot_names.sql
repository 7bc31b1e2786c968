-- name: bot_names
-- Reads: bot. Gives: the name of each bot that has one, set by people or else by events; by id.
SELECT
    bot_id::VARCHAR   AS bot_id,
    bot_name::VARCHAR AS bot_name
FROM bot
ORDER BY bot_id
