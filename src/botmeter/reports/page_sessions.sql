-- name: matching_counts
-- Reads: matching. Gives: one row, the number of matching rows and of their sessions.
SELECT
    count(*)::BIGINT                   AS row_count,
    count(DISTINCT session_id)::BIGINT AS session_count
FROM matching

-- name: row_count
-- Reads: participation. Takes: $start_us, $end_us, $preview; {row_conditions}.
-- Gives: one row, the number of matching rows of the underlying data.
SELECT count(*)::BIGINT AS row_count
FROM participation
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    AND {row_conditions}

-- name: session_count
-- Reads: session. Takes: $start_us, $end_us, $footprints, $preview; {session_conditions}.
-- Gives: one row, the number of matching sessions.
SELECT count(*)::BIGINT AS session_count
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR list_contains($footprints::INTEGER[], footprint))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    AND {session_conditions}

-- name: tickets_of_matching
-- Reads: session_ticket, matching. Takes: $first_on, $last_on; {ticket_conditions}.
-- Gives: one row, the number of distinct tickets of matching rows.
SELECT count(DISTINCT ticket_id)::BIGINT AS ticket_count
FROM session_ticket
WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
    AND {ticket_conditions}
    AND (session_id, conversation_id) IN (SELECT (session_id, conversation_id) FROM matching)

-- name: page_from_rows
-- Reads: matching, session, session_ticket. Takes: $start_us, $end_us, $first_on, $last_on, $low_key,
-- $high_key, $at_key, $at_session, $is_rising, $line_count; {key}, a column, {order} and
-- {ticket_conditions}.
-- Gives: as page_from_sessions, with counts, from the matching rows.
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
        AND {ticket_conditions}
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

-- name: page_from_sessions
-- Reads: session. Takes: $start_us, $end_us, $footprints, $preview, $low_key, $high_key,
-- $at_key, $at_session, $is_rising, $line_count; {key}, a column, {order} and {session_conditions}.
-- Gives: the sessions from a cursor on, inclusive, with their sort keys. A null list lets every session through;
-- all keys null: from the start of the order.
SELECT
    {key}                AS sort_key,
    session_id::VARCHAR  AS line_session,
    started_at::BIGINT   AS line_start,
    customer_id::VARCHAR AS line_customer
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR list_contains($footprints::INTEGER[], footprint))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    AND {session_conditions}
    AND ($low_key IS NULL OR {key} >= $low_key)
    AND ($high_key IS NULL OR {key} <= $high_key)
    AND (
        $at_session::UUID IS NULL
        OR {key} <> $at_key
        OR CASE WHEN $is_rising::BOOLEAN THEN session_id >= $at_session::UUID ELSE session_id <= $at_session::UUID END
    )
ORDER BY {order}
LIMIT $line_count::BIGINT

-- name: session_lines
-- Reads: matching, session, session_ticket. Takes: $start_us, $end_us, $first_on, $last_on,
-- {ticket_conditions}.
-- Gives: one row per session in matching, with counts over its rows there; session_end null while no
-- limit ends the session. By session_id.
WITH ticketed AS (
    SELECT
        session_id,
        count(DISTINCT ticket_id) AS ticket_count
    FROM session_ticket
    WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
        AND {ticket_conditions}
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
