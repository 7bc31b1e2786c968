-- Reads: matching, session, session_ticket. Takes: $start_us, $end_us, $first_on, $last_on,
-- $ticket_types (null: all).
-- Gives: one row per session in matching, with counts over its rows there; session_end null while no
-- limit ends the session. By session_id.
WITH ticketed AS (
    SELECT
        session_id,
        count(DISTINCT ticket_id) AS ticket_count
    FROM session_ticket
    WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
        AND ($ticket_types::VARCHAR[] IS NULL OR list_contains($ticket_types::VARCHAR[], ticket_type))
        AND (session_id, conversation_id) IN (SELECT (session_id, conversation_id) FROM matching)
    GROUP BY session_id
)
SELECT
    matching.session_id::VARCHAR                                   AS session_id,
    any_value(session.started_at)::BIGINT                          AS session_start,
    any_value(nullif(session.ended_at, 4611686018427387904))::BIGINT AS session_end,
    any_value(session.customer_id)::VARCHAR                        AS customer_id,
    list(DISTINCT matching.touchpoint)::INTEGER[]                  AS touchpoints,
    count(DISTINCT matching.conversation_id)::BIGINT               AS conversation_count,
    coalesce(any_value(ticketed.ticket_count), 0)::BIGINT          AS ticket_count,
    sum(matching.event_count)::BIGINT                              AS event_count,
    any_value(session.closed_by)::INTEGER                          AS closed_by,
    any_value(session.preview)::BOOLEAN                            AS preview
FROM matching
JOIN session
    ON session.session_id = matching.session_id
    AND session.started_at >= $start_us::BIGINT
    AND session.started_at < $end_us::BIGINT
LEFT JOIN ticketed ON ticketed.session_id = matching.session_id
GROUP BY matching.session_id
ORDER BY matching.session_id
