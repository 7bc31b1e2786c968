-- Reads: session, session_usage. Takes: nothing.
-- Gives: how many sessions are stored, and how many the usage adds up to, one row.
SELECT
    (SELECT count(*) FROM session)::BIGINT,
    (SELECT coalesce(sum(session_count), 0) FROM session_usage)::BIGINT
