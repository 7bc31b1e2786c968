-- Reads: session. Takes: $customer.
-- Gives: the customer's sessions: id, start, end (µs UTC, 2^62 while no limit ends it), events, what
-- closed it (domain.session.ClosedBy), preview; newest first, then by id.
SELECT
    session_id::VARCHAR   AS session_id,
    started_at::BIGINT    AS started_at,
    ended_at::BIGINT      AS ended_at,
    event_count::BIGINT   AS event_count,
    closed_by::UTINYINT   AS closed_by,
    preview::BOOLEAN      AS preview
FROM session
WHERE customer_id = $customer::VARCHAR
ORDER BY session.started_at DESC, session.session_id
