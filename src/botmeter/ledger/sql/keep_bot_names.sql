-- Reads: event, touchpoint. Takes: $append_no (the first of this commit).
-- Gives: in bot_name_sent, the name of each bot as of its latest event that bears one; of several at one instant, the
-- greatest, so that it doesn't matter which came first.
INSERT INTO bot_name_sent
SELECT
    p.bot_id,
    arg_max(e.bot_name, (e.occurred_at, e.bot_name)) AS bot_name,
    max(e.occurred_at) AS named_at
FROM event AS e
JOIN touchpoint AS p USING (touchpoint)
WHERE e.append_no >= $append_no AND e.bot_name IS NOT NULL AND p.bot_id IS NOT NULL
GROUP BY p.bot_id
ON CONFLICT (bot_id) DO UPDATE
SET bot_name = excluded.bot_name, named_at = excluded.named_at
WHERE (excluded.named_at, excluded.bot_name) > (bot_name_sent.named_at, bot_name_sent.bot_name)
