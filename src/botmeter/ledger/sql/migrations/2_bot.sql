-- Reads: bot_name_set, bot_name_sent. Gives: bot, the name of each bot that has one; as of version 2.
CREATE VIEW bot AS
WITH name_set AS (
    SELECT bot_id, nullif(arg_max(bot_name, rowid), '') AS bot_name
    FROM bot_name_set
    GROUP BY bot_id
)
SELECT bot_id, coalesce(name_set.bot_name, bot_name_sent.bot_name) AS bot_name, name_set.bot_name AS set_name
FROM bot_name_sent
FULL JOIN name_set USING (bot_id)
WHERE coalesce(name_set.bot_name, bot_name_sent.bot_name) IS NOT NULL
