-- Reads: old_session, fresh_session. Takes: nothing.
-- Gives: touched_day (day), the UTC days on which sessions that were metered again start or started.
CREATE OR REPLACE TEMP TABLE touched_day AS
SELECT DISTINCT DATE '1970-01-01' + (started_at // 86400000000)::INTEGER AS day
FROM (SELECT started_at FROM old_session UNION ALL SELECT started_at FROM fresh_session)
