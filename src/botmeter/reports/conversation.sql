-- name: span_of_conversation
-- Reads: conversation_span. Takes: $conversation.
-- Gives: one row: conversation_created (null: none), first and last event (null: unknown); µs UTC.
SELECT
    min(created_at)::BIGINT     AS created_us,
    min(first_event_at)::BIGINT AS first_event_us,
    max(last_event_at)::BIGINT  AS last_event_us
FROM conversation_span
WHERE conversation_key = hash($conversation::VARCHAR) AND conversation_id = $conversation::VARCHAR

-- name: events_of_conversation
-- Reads: event. Takes: $conversation, $start_us and $end_us (around its events).
-- Gives: customer, actor (domain.event.Actor), touchpoint, number of events; by the first three.
SELECT
    customer_id::VARCHAR AS customer_id,
    actor::UTINYINT      AS actor,
    touchpoint::INTEGER  AS touchpoint,
    count(*)::BIGINT     AS event_count
FROM event
WHERE conversation_id = $conversation::VARCHAR
    AND occurred_at >= $start_us::BIGINT
    AND occurred_at < $end_us::BIGINT
GROUP BY ALL
ORDER BY ALL

-- name: tickets_of_conversation
-- Reads: conversation_ticket. Takes: $conversation.
-- Gives: ticket and type (null: none named); by both.
SELECT
    ticket_id::VARCHAR   AS ticket_id,
    ticket_type::VARCHAR AS ticket_type
FROM conversation_ticket AS own
WHERE conversation_id = $conversation::VARCHAR
    AND (
        ticket_type IS NOT NULL
        OR NOT EXISTS (
            SELECT 1
            FROM conversation_ticket AS typed
            WHERE typed.conversation_id = own.conversation_id
                AND typed.ticket_id = own.ticket_id
                AND typed.ticket_type IS NOT NULL
        )
    )
ORDER BY ALL

-- name: days_of_conversation
-- Reads: conversation_day. Takes: $conversation.
-- Gives: one row: first and last UTC day on which a session with it started (null: none).
SELECT
    min(day)::DATE AS first_on,
    max(day)::DATE AS last_on
FROM conversation_day
WHERE conversation_key = hash($conversation::VARCHAR) AND conversation_id = $conversation::VARCHAR

-- name: sessions_of_conversation
-- Reads: participation, session. Takes: $conversation, $start_us and $end_us (around its sessions' starts).
-- Gives: its sessions: id, start, end (µs UTC, 2^62 while no limit ends it), what closed it
-- (domain.session.ClosedBy), preview, its events in it, whether it was opened there; by start, then by opening event.
SELECT
    session.session_id::VARCHAR                                 AS session_id,
    session.started_at::BIGINT                                  AS started_at,
    session.ended_at::BIGINT                                    AS ended_at,
    session.closed_by::UTINYINT                                 AS closed_by,
    session.preview::BOOLEAN                                    AS preview,
    own.event_count::BIGINT                                     AS event_count,
    (session.conversation_id = $conversation::VARCHAR)::BOOLEAN AS opened_it
FROM (
    SELECT session_id, sum(event_count) AS event_count
    FROM participation
    WHERE conversation_id = $conversation::VARCHAR
        AND started_at >= $start_us::BIGINT
        AND started_at < $end_us::BIGINT
    GROUP BY session_id
) AS own
JOIN session ON session.session_id = own.session_id
WHERE session.started_at >= $start_us::BIGINT AND session.started_at < $end_us::BIGINT
ORDER BY session.started_at, session.opening_event_id, session.source
