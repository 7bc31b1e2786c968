-- name: insert_bot_name
-- Takes: ? for each column of bot_name_set, in order. Changes: adds the row to bot_name_set.
INSERT INTO bot_name_set VALUES (?, ?, ?, ?)

-- name: events_before
-- Reads: event. Takes: $before (µs UTC). Gives: the number of earlier events, and the first one's instant
-- (µs UTC, null: none), one row.
SELECT count(*)::BIGINT, min(occurred_at)::BIGINT
FROM event
WHERE occurred_at < $before::BIGINT

-- name: waiting_since
-- Reads: waiting. Takes: $first_on. Gives: the number of events in quarantine because the account's data began
-- later, and occurred on that UTC day or after it; one row. Only these are known to be JSON, written by append.
SELECT count(*)::BIGINT
FROM waiting
WHERE CASE
    WHEN code = 'before_available_from'
        THEN json_extract_string(decode(raw), '$.occurred_at')::TIMESTAMP >= $first_on::DATE
    ELSE false
END

-- name: named_bots
-- Reads: event, touchpoint, bot, bot_name_sent. Takes: nothing.
-- Gives: each bot with an event: (id, displayed name, name in events, name set by a person),
-- null: none; by id.
SELECT p.bot_id::VARCHAR, bot.bot_name::VARCHAR, bot_name_sent.bot_name::VARCHAR, bot.set_name::VARCHAR
FROM (
    SELECT DISTINCT bot_id
    FROM touchpoint
    WHERE bot_id IS NOT NULL AND touchpoint IN (SELECT touchpoint FROM event)
) AS p
LEFT JOIN bot USING (bot_id)
LEFT JOIN bot_name_sent USING (bot_id)
ORDER BY p.bot_id
