-- Reads: session. Takes: $start, $end (µs UTC around the days); {touched}: which days.
-- Gives: in session_usage, the count of the sessions of those days by all that a filter or split can name.
INSERT INTO session_usage
SELECT day, footprint, opening_touchpoint, preview, count(*)
FROM (SELECT DATE '1970-01-01' + (started_at // 86400000000)::INTEGER AS day, * FROM session)
WHERE started_at >= $start AND started_at < $end AND {touched}
GROUP BY ALL
ORDER BY ALL
