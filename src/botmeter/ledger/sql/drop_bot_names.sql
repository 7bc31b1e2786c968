-- Reads: bot. Takes: nothing. Gives: bot with the latest name of each alone.
DELETE FROM bot
WHERE rowid NOT IN (SELECT arg_max(rowid, (named_at, bot_name)) FROM bot GROUP BY bot_id)
