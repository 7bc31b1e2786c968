-- Reads: matching. Gives: one row, how many rows match and how many sessions they are of.
SELECT
    count(*)::BIGINT                   AS row_count,
    count(DISTINCT session_id)::BIGINT AS session_count
FROM matching
