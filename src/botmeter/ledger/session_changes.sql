-- name: sessions_before
-- Reads: session. Takes: nothing. Gives: session_before, the id and start of every session.
CREATE OR REPLACE TEMP TABLE session_before AS SELECT session_id, started_at FROM session

-- name: restatement_count_before
-- Reads: restatement. Takes: nothing. Gives: restatements_before, the number of those that changed a day's number, one row.
CREATE OR REPLACE TEMP TABLE restatements_before AS
SELECT count(*)::BIGINT AS row_count FROM restatement WHERE before_count <> after_count

-- name: session_change
-- Reads: session, session_before, restatement, restatements_before. Takes: nothing.
-- Gives: sessions after minus before, days with a new or a removed session, restated numbers of days after minus before; one row.
WITH changed AS (
    SELECT started_at FROM session WHERE session_id NOT IN (SELECT session_id FROM session_before)
    UNION ALL
    SELECT started_at FROM session_before WHERE session_id NOT IN (SELECT session_id FROM session)
)
SELECT
    ((SELECT count(*) FROM session) - (SELECT count(*) FROM session_before))::BIGINT,
    (SELECT count(DISTINCT started_at // 86400000000) FROM changed)::BIGINT,
    (
        (SELECT count(*) FROM restatement WHERE before_count <> after_count)
        - (SELECT row_count FROM restatements_before)
    )::BIGINT

-- name: drop_sessions_before
-- Changes: session_before is dropped, and its memory freed.
DROP TABLE session_before

-- name: drop_restatement_count_before
-- Changes: restatements_before is dropped.
DROP TABLE restatements_before
