-- Reads: session, participation. Takes: $customer, $limit.
-- Gives: the customer's newest sessions: id, start, end (µs UTC, 2^62 while no limit ends it), events,
-- what closed it (domain.session.ClosedBy), preview, conversations, touchpoints; newest first, then by id.
WITH visited AS (
    SELECT
        session_id,
        count(DISTINCT conversation_id) AS conversation_count,
        list(DISTINCT touchpoint)       AS touchpoints
    FROM participation
    WHERE customer_id = $customer::VARCHAR
    GROUP BY session_id
)
SELECT
    session.session_id::VARCHAR        AS session_id,
    session.started_at::BIGINT         AS started_at,
    session.ended_at::BIGINT           AS ended_at,
    session.event_count::BIGINT        AS event_count,
    session.closed_by::UTINYINT        AS closed_by,
    session.preview::BOOLEAN           AS preview,
    visited.conversation_count::BIGINT AS conversation_count,
    visited.touchpoints::INTEGER[]     AS touchpoints
FROM session
JOIN visited ON visited.session_id = session.session_id
WHERE session.customer_id = $customer::VARCHAR
ORDER BY session.started_at DESC, session.session_id
LIMIT $limit::BIGINT
