-- name: corrections
-- Reads: correction. Takes: $with_undone. Gives: the corrections in force, or also undone ones and their undoing, in order
-- of correction_no.
SELECT
    correction_no::INTEGER, kind::VARCHAR, opening_key::UBIGINT, started_at::BIGINT, ended_at::BIGINT, reason::VARCHAR,
    recorded_at::BIGINT, set_by::VARCHAR, undoes::INTEGER
FROM correction
WHERE $with_undone::BOOLEAN
    OR (undoes IS NULL AND correction_no NOT IN (SELECT undoes FROM correction WHERE undoes IS NOT NULL))
ORDER BY correction_no

-- name: last_correction_no
-- Reads: correction. Takes: nothing. Gives: the last number, 0: none; one row.
SELECT coalesce(max(correction_no), 0)::INTEGER FROM correction

-- name: session_of_id
-- Reads: session, plan_session, event, rekeyed_event. Takes: $session_id.
-- Gives: the session's opening_key as billed_sessions has it, its start and end (µs UTC); one row or none.
SELECT
    coalesce(rekeyed_event.opening_key, event.event_key)::UBIGINT, session.started_at::BIGINT, session.ended_at::BIGINT
FROM (
    SELECT session_id, started_at, ended_at, source, opening_event_id FROM session
    UNION ALL
    SELECT session_id, started_at, ended_at, source, opening_event_id FROM plan_session
) AS session
JOIN event
    ON event.occurred_at = session.started_at
    AND event.source = session.source
    AND event.event_id = session.opening_event_id
LEFT JOIN rekeyed_event USING (event_key)
WHERE session.session_id = try_cast($session_id AS UUID)
ORDER BY session.started_at

-- name: insert_correction
-- Reads: correction. Takes: ? for each other column of correction, in order. Changes: adds the row under the next number
-- to correction. Gives: the number, one row.
INSERT INTO correction
SELECT coalesce(max(correction_no), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ? FROM correction
RETURNING correction_no::INTEGER
