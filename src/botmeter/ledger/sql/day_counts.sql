-- Reads: session_usage. Takes: {touched}: which days.
-- Gives: old_day_count (day, session_count), the sessions of each of those days before they are counted again.
CREATE OR REPLACE TEMP TABLE old_day_count AS
SELECT day, sum(session_count)::BIGINT AS session_count
FROM session_usage
WHERE {touched}
GROUP BY day
