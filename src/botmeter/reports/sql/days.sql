-- Reads: counted. Gives: one row per UTC day with sessions: day, sessions, previews among them; by day.
SELECT
    day::DATE                                                  AS day,
    sum(session_count)::BIGINT                                 AS session_count,
    coalesce(sum(session_count) FILTER (WHERE preview), 0)::BIGINT AS preview_count
FROM counted
GROUP BY day
ORDER BY day
