-- Reads: matching, session, session_ticket. Takes: $start_us, $end_us, $first_on, $last_on, $low_key,
-- $high_key, $at_key, $at_session, $is_rising, $line_count, $ticket_types (null: all); {key}, a column, and {order}.
-- Gives: as page_from_sessions, from the rows that match, which alone know their counts.
WITH part AS (
    SELECT
        session_id,
        conversation_id,
        sum(event_count) AS event_count
    FROM matching
    GROUP BY session_id, conversation_id
),
picked AS (
    SELECT
        session_id,
        count(*)                 AS conversation_count,
        sum(event_count)::BIGINT AS event_count
    FROM part
    GROUP BY session_id
),
ticketed AS (
    SELECT
        session_id,
        count(DISTINCT ticket_id) AS ticket_count
    FROM session_ticket
    SEMI JOIN part
        ON part.session_id = session_ticket.session_id AND part.conversation_id = session_ticket.conversation_id
    WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
        AND ($ticket_types::VARCHAR[] IS NULL OR list_contains($ticket_types::VARCHAR[], ticket_type))
    GROUP BY session_id
),
line AS (
    SELECT
        picked.session_id,
        session.started_at,
        session.ended_at,
        session.customer_id,
        picked.conversation_count,
        picked.event_count,
        coalesce(ticketed.ticket_count, 0) AS ticket_count
    FROM picked
    JOIN session
        ON session.session_id = picked.session_id
        AND session.started_at >= $start_us::BIGINT
        AND session.started_at < $end_us::BIGINT
    LEFT JOIN ticketed ON ticketed.session_id = picked.session_id
)
SELECT
    {key}                AS sort_key,
    session_id::VARCHAR  AS line_session,
    started_at::BIGINT   AS line_start,
    customer_id::VARCHAR AS line_customer
FROM line
WHERE ($low_key IS NULL OR {key} >= $low_key)
    AND ($high_key IS NULL OR {key} <= $high_key)
    AND (
        $at_session::UUID IS NULL
        OR {key} <> $at_key
        OR CASE WHEN $is_rising::BOOLEAN THEN session_id >= $at_session::UUID ELSE session_id <= $at_session::UUID END
    )
ORDER BY {order}
LIMIT $line_count::BIGINT
