-- Reads: matching, touchpoint.
-- Gives: the conversations that match, of each bot and version that took part in them; by both.
SELECT
    touchpoint.bot_id::VARCHAR                         AS bot_id,
    touchpoint.bot_version::VARCHAR                    AS bot_version,
    count(DISTINCT matching.conversation_id)::BIGINT   AS conversation_count
FROM matching
JOIN touchpoint ON touchpoint.touchpoint = matching.touchpoint
GROUP BY ALL
ORDER BY ALL
