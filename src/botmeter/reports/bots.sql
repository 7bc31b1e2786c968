-- name: activity_of_versions
-- Reads: event, touchpoint.
-- Gives: the first and last event (µs UTC) of each bot and version; by both.
SELECT
    touchpoint.bot_id::VARCHAR      AS bot_id,
    touchpoint.bot_version::VARCHAR AS bot_version,
    min(seen.first_at)::BIGINT      AS first_event_us,
    max(seen.last_at)::BIGINT       AS last_event_us
FROM (
    SELECT
        touchpoint,
        min(occurred_at) AS first_at,
        max(occurred_at) AS last_at
    FROM event
    GROUP BY touchpoint
) AS seen
JOIN touchpoint ON touchpoint.touchpoint = seen.touchpoint
WHERE touchpoint.bot_id IS NOT NULL
GROUP BY ALL
ORDER BY ALL
