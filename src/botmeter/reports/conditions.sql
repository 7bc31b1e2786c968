-- name: touchpoint_is_one_of
-- Reads: participation. Takes: $touchpoints. Gives: a condition on rows.
touchpoint IN (SELECT unnest($touchpoints::INTEGER[]))

-- name: session_has_no_touchpoint
-- Reads: participation. Takes: $start_us, $end_us, $excluded_touchpoints.
-- Gives: a condition on rows: their session has none of these touchpoints.
session_id NOT IN (
    SELECT session_id
    FROM participation
    WHERE started_at >= $start_us::BIGINT
        AND started_at < $end_us::BIGINT
        AND touchpoint IN (SELECT unnest($excluded_touchpoints::INTEGER[]))
)

-- name: session_is_opened_at
-- Reads: session. Takes: $start_us, $end_us, $opening_touchpoints. Gives: a condition on rows.
session_id IN (
    SELECT session_id
    FROM session
    WHERE started_at >= $start_us::BIGINT
        AND started_at < $end_us::BIGINT
        AND list_contains($opening_touchpoints::INTEGER[], opening_touchpoint)
)

-- name: session_opens_at
-- Reads: session. Takes: $opening_touchpoints. Gives: a condition on sessions.
list_contains($opening_touchpoints::INTEGER[], opening_touchpoint)

-- name: session_is_of_cost_centre
-- Reads: session. Takes: $start_us, $end_us, $centre_touchpoints, $centre_starts, $centre_ends (one list per column).
-- Gives: a condition on rows or sessions: the session is opened at one of these touchpoints within its span.
session_id IN (
    SELECT session.session_id
    FROM session
    JOIN (
        SELECT
            unnest($centre_touchpoints::INTEGER[]) AS touchpoint,
            unnest($centre_starts::BIGINT[])       AS span_start,
            unnest($centre_ends::BIGINT[])         AS span_end
    ) AS span
        ON span.touchpoint = session.opening_touchpoint
        AND session.started_at >= span.span_start
        AND session.started_at < span.span_end
    WHERE session.started_at >= $start_us::BIGINT AND session.started_at < $end_us::BIGINT
)

-- name: session_starts_in
-- Takes: $hour_steps, $hour_origin_us, $hour_step_us.
-- Gives: a condition on rows or sessions: the session starts in one of these steps of the clock.
(started_at - $hour_origin_us::BIGINT) // $hour_step_us::BIGINT IN (SELECT unnest($hour_steps::BIGINT[]))

-- name: row_has_ticket
-- Reads: session_ticket. Takes: $first_on, $last_on, ${values}; {column}.
-- Gives: a condition on rows: their conversation has such a ticket in their session.
(session_id, conversation_id) IN (
    SELECT (session_id, conversation_id)
    FROM session_ticket
    WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
        AND list_contains(${values}::VARCHAR[], {column})
)

-- name: session_has_no_ticket
-- Reads: session_ticket. Takes: $first_on, $last_on, ${values}; {column}.
-- Gives: a condition on rows or sessions: no conversation has such a ticket in the session.
session_id NOT IN (
    SELECT session_id
    FROM session_ticket
    WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
        AND list_contains(${values}::VARCHAR[], {column})
)

-- name: row_is_one_of
-- Takes: ${values}; {column}. Gives: a condition on rows, sessions or tickets.
list_contains(${values}::VARCHAR[], {column})

-- name: row_is_none_of
-- Takes: ${values}; {column}. Gives: a condition on rows or sessions, for a column that all rows of a session share.
NOT list_contains(${values}::VARCHAR[], {column})

-- name: session_has_no_row
-- Reads: participation. Takes: $start_us, $end_us, ${values}; {column}.
-- Gives: a condition on rows or sessions: no row of the session has one of the values.
session_id NOT IN (
    SELECT session_id
    FROM participation
    WHERE started_at >= $start_us::BIGINT
        AND started_at < $end_us::BIGINT
        AND list_contains(${values}::VARCHAR[], {column})
)

-- name: session_is_one_of
-- Takes: $picked_sessions. Gives: a condition on rows or sessions.
session_id IN (SELECT unnest($picked_sessions::UUID[]))

-- name: session_is_another_since
-- Takes: $picked_sessions, $since_us. Gives: a condition on rows or sessions: none of these, and not before an instant.
started_at >= $since_us::BIGINT
AND session_id NOT IN (SELECT unnest($picked_sessions::UUID[]))

-- name: row_matches_search
-- Reads: session_ticket. Takes: $first_on, $last_on, $search, $searched_session (null: no session id);
-- {ticket_conditions}. Gives: a condition on rows: the search finds them.
(
    session_id = $searched_session::UUID
    OR starts_with(customer_id, $search::VARCHAR)
    OR starts_with(conversation_id, $search::VARCHAR)
    OR (session_id, conversation_id) IN (
        SELECT (session_id, conversation_id)
        FROM session_ticket
        WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
            AND starts_with(ticket_id, $search::VARCHAR)
            AND {ticket_conditions}
    )
)
