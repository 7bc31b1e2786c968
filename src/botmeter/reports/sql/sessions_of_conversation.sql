-- Reads: participation, session. Takes: $conversation, $start_us and $end_us (around its sessions' starts).
-- Gives: its sessions: id, start, end (µs UTC, 2^62 while no limit ends it), what closed it
-- (domain.session.ClosedBy), preview, its events in it, whether it was opened there; by start, then by id.
SELECT
    session.session_id::VARCHAR                                 AS session_id,
    session.started_at::BIGINT                                  AS started_at,
    session.ended_at::BIGINT                                    AS ended_at,
    session.closed_by::UTINYINT                                 AS closed_by,
    session.preview::BOOLEAN                                    AS preview,
    visited.event_count::BIGINT                                 AS event_count,
    (session.conversation_id = $conversation::VARCHAR)::BOOLEAN AS opened_it
FROM (
    SELECT session_id, sum(event_count) AS event_count
    FROM participation
    WHERE conversation_id = $conversation::VARCHAR
        AND started_at >= $start_us::BIGINT
        AND started_at < $end_us::BIGINT
    GROUP BY session_id
) AS visited
JOIN session ON session.session_id = visited.session_id
WHERE session.started_at >= $start_us::BIGINT AND session.started_at < $end_us::BIGINT
ORDER BY session.started_at, session.session_id
