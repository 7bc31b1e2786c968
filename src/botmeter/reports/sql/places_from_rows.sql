-- Reads: matching.
-- Gives: as places_from_usage, each session having a set of its own: that of its matching rows.
SELECT DISTINCT
    dense_rank() OVER (ORDER BY started_at, session_id)::BIGINT AS place_set,
    touchpoint::BIGINT                                          AS touchpoint
FROM matching
