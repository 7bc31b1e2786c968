-- Reads: counted, touchpoint, bot.
-- Gives: one row per bot and per channel: split ('bot' or 'channel'), its id, its name, sessions it took
-- part in, sessions it opened. A session counts once for each bot and each channel that it touched.
-- By split, most sessions first, then by id.
WITH place_set AS (
    SELECT
        row_number() OVER ()   AS number,
        places,
        sum(session_count)     AS session_count
    FROM counted
    GROUP BY places
),
visited AS (
    SELECT
        visit.number,
        visit.session_count,
        touchpoint.bot_id,
        touchpoint.channel
    FROM (SELECT number, session_count, unnest(places) AS touchpoint FROM place_set) AS visit
    JOIN touchpoint ON touchpoint.touchpoint = visit.touchpoint
),
opening AS (
    SELECT
        touchpoint.bot_id,
        touchpoint.channel,
        sum(counted.session_count) AS session_count
    FROM counted
    JOIN touchpoint ON touchpoint.touchpoint = counted.opening_touchpoint
    GROUP BY ALL
),
contribution AS (
    SELECT 'bot' AS split, bot_id AS id, session_count AS sessions, 0 AS opened
    FROM (SELECT DISTINCT number, session_count, bot_id FROM visited)
    UNION ALL
    SELECT 'channel', channel, session_count, 0
    FROM (SELECT DISTINCT number, session_count, channel FROM visited)
    UNION ALL
    SELECT 'bot', bot_id, 0, session_count FROM opening
    UNION ALL
    SELECT 'channel', channel, 0, session_count FROM opening
)
SELECT
    contribution.split::VARCHAR                                       AS split,
    contribution.id::VARCHAR                                          AS id,
    coalesce(any_value(bot.bot_name), contribution.id)::VARCHAR       AS name,
    sum(contribution.sessions)::BIGINT                                AS session_count,
    sum(contribution.opened)::BIGINT                                  AS opened_count
FROM contribution
LEFT JOIN bot ON contribution.split = 'bot' AND bot.bot_id = contribution.id
GROUP BY contribution.split, contribution.id
HAVING sum(contribution.sessions) <> 0 OR sum(contribution.opened) <> 0
ORDER BY contribution.split, session_count DESC, contribution.id NULLS LAST
