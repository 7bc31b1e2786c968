-- Reads: {table}, touchpoint. Takes: {touchpoint}, the column with the touchpoint's number.
-- Gives: the rows of the table with the bot and channel of that touchpoint.
SELECT t.*, p.bot_id, p.channel
FROM {table} AS t
JOIN touchpoint AS p ON p.touchpoint = t.{touchpoint}
