-- name: bot_name_sent
-- Reads: bot. Gives: bot_name_sent, as the table of the names that events bear is called from version 2 on.
ALTER TABLE bot RENAME TO bot_name_sent

-- name: bot_name_set
-- Gives: bot_name_set, one row per name that a person gave to a bot, in the order in which they did; as of version 2.
CREATE TABLE bot_name_set (
    recorded_at BIGINT  NOT NULL, -- µs UTC
    bot_id      VARCHAR NOT NULL,
    bot_name    VARCHAR NOT NULL, -- empty: the name was taken back
    set_by      VARCHAR           -- who; null: not known
)

-- name: bot
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

-- name: title
-- Reads: account_term. Gives: a title in it, which is null: the account is called by its name.
ALTER TABLE account_term ADD COLUMN title VARCHAR

-- name: set_by
-- Reads: account_term. Gives: who set each version in it, which nobody knows of those there are.
ALTER TABLE account_term ADD COLUMN set_by VARCHAR
